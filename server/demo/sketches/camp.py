"""What one sleeps in, under and on."""

from server.demo.brush import BARK, GLOW, INK, METAL, PAPER, WOOD, Brush, mix


def tent(b: Brush) -> None:
    b.ground(rx=165)
    for x, peg in ((95, 40), (305, 360)):
        b.line([(x, 210), (peg, 322)], METAL, 2)
    b.blob([(58, 322), (92, 222), (150, 150), (200, 134), (250, 150), (308, 222), (342, 322), (200, 326)], b.base)
    b.poly([(200, 134), (236, 142), (272, 172), (308, 222), (330, 286), (336, 324), (276, 325), (250, 220)], b.dark)
    b.curve([(58, 322), (110, 196), (200, 133), (262, 210), (276, 324)], b.light, 5)
    b.curve([(342, 322), (290, 196), (200, 133)], b.deep, 5)
    b.blob([(118, 324), (134, 252), (172, 208), (206, 254), (214, 324)], b.deep)
    b.blob([(172, 208), (206, 254), (214, 324), (196, 324), (192, 260)], b.pale)
    b.oval(176, 300, 17, 12, GLOW)


def solo_tent(b: Brush) -> None:
    b.ground(rx=160)
    b.line([(200, 136), (46, 320)], METAL, 2)
    b.line([(200, 136), (354, 320)], METAL, 2)
    b.poly([(70, 322), (200, 142), (330, 322)], b.base)
    b.poly([(200, 142), (330, 322), (232, 322)], b.dark)
    b.poly([(200, 142), (156, 322), (232, 322)], b.deep)
    b.poly([(200, 142), (156, 322), (128, 322), (150, 262)], b.pale)
    b.line([(200, 118), (200, 322)], INK, 4)
    b.line([(192, 118), (208, 118)], INK, 7)


def tunnel_tent(b: Brush) -> None:
    b.ground(rx=175)
    b.line([(330, 176), (384, 322)], METAL, 2)
    b.blob([(40, 322), (50, 226), (104, 166), (220, 158), (326, 172), (356, 236), (362, 322), (200, 328)], b.base)
    for x in (164, 256):
        b.curve([(x, 326), (x + 6, 236), (x - 24, 160)], b.dark, 6)
    b.blob([(40, 322), (50, 226), (100, 172), (140, 226), (148, 324)], b.light)
    b.blob([(58, 324), (66, 238), (98, 196), (126, 238), (130, 324)], b.deep)
    b.box(192, 222, 234, 262, mix(b.pale, "#cfe6ee", 0.7), radius=10)
    b.box(284, 228, 318, 262, mix(b.pale, "#cfe6ee", 0.7), radius=10)
    b.oval(96, 300, 16, 11, GLOW)


def tipi(b: Brush) -> None:
    b.ground(rx=160)
    b.line([(200, 96), (200, 140)], BARK, 7)
    b.line([(200, 132), (44, 322)], METAL, 2)
    b.line([(200, 132), (356, 322)], METAL, 2)
    b.poly([(64, 318), (200, 112), (336, 318), (200, 330)], b.base)
    b.poly([(200, 112), (336, 318), (250, 327)], b.dark)
    b.poly([(200, 112), (160, 328), (240, 328)], b.light)
    b.poly([(200, 206), (166, 328), (234, 328)], b.deep)
    b.oval(200, 306, 15, 14, GLOW)
    b.line([(105, 284), (170, 296)], b.dark, 3)
    for x in range(0, 60, 20):
        b.line([(178 + x * 0.6, 158 + x * 0.1), (186 + x * 0.6, 172 + x * 0.1)], b.dark, 3)


def tarp(b: Brush) -> None:
    b.ground(rx=150)
    b.line([(88, 178), (84, 322)], WOOD, 7)
    b.line([(312, 178), (316, 322)], WOOD, 7)
    b.line([(88, 178), (34, 318)], METAL, 2)
    b.line([(312, 178), (366, 318)], METAL, 2)
    b.poly([(46, 246), (88, 176), (200, 130), (200, 214)], b.base)
    b.poly([(354, 246), (312, 176), (200, 130), (200, 214)], b.dark)
    b.poly([(46, 246), (88, 176), (200, 130), (130, 204)], b.light)
    b.line([(200, 130), (200, 214)], b.deep, 3)
    b.box(166, 290, 234, 320, WOOD, radius=6)
    b.box(178, 272, 200, 290, PAPER, radius=4)


def groundsheet(b: Brush) -> None:
    b.poly([(60, 262), (190, 186), (350, 236), (222, 326)], b.dark)
    b.poly([(60, 252), (190, 176), (350, 226), (222, 316)], b.base)
    b.poly([(60, 252), (190, 176), (214, 200), (104, 268)], b.light)
    b.dashes([(86, 252), (190, 190), (326, 230), (222, 302)], b.pale, 2.5)
    for x, y in ((60, 252), (190, 176), (350, 226), (222, 316)):
        b.oval(x, y, 9, 6, METAL)
        b.oval(x, y, 4, 3, INK)


def sleeping_bag(b: Brush) -> None:
    b.ground(y=330, rx=86)
    outline = [(200, 70), (262, 94), (284, 160), (268, 260), (240, 328), (160, 328), (132, 260), (116, 160), (138, 94)]
    b.blob(outline, b.base, shade=b.dark, beyond=230)
    b.blob([(200, 84), (246, 104), (254, 146), (200, 172), (146, 146), (154, 104)], b.deep)
    b.blob([(200, 96), (236, 112), (240, 144), (200, 160), (160, 144), (164, 112)], PAPER)
    for y, half in ((196, 76), (228, 71), (260, 64), (292, 55)):
        b.curve([(200 - half, y - 4), (200, y + 6), (200 + half, y - 4)], b.light, 4)
    b.line([(200, 174), (200, 266)], METAL, 4)
    b.oval(200, 268, 6, 8, METAL)


def mat(b: Brush) -> None:
    b.poly([(70, 292), (240, 200), (350, 236), (180, 336)], b.dark)
    b.blob([(66, 284), (236, 188), (254, 186), (346, 218), (346, 232), (184, 326), (166, 328), (70, 298)], b.base)
    for step in range(5):
        x, y = 92 + step * 36, 270 - step * 20
        b.curve([(x, y), (x + 52, y + 20), (x + 106, y + 34)], b.light, 9)
    b.oval(102, 262, 8, 6, METAL)
    b.blob([(150, 96), (214, 96), (224, 160), (140, 160)], b.dark)
    b.blob([(152, 100), (196, 98), (200, 158), (146, 158)], b.base)
    b.line([(154, 96), (210, 96)], INK, 5)


def foam_mat(b: Brush) -> None:
    b.ground(y=312, rx=150)
    for step in range(6):
        x = 66 + step * 46
        b.poly([(x, 306), (x + 22, 176), (x + 38, 176), (x + 16, 306)], b.base)
        b.poly([(x + 22, 176), (x + 38, 176), (x + 62, 306), (x + 46, 306)], b.dark)
        for y in (212, 244, 276):
            b.oval(x + 15 + (276 - y) * 0.13, y, 4, 5, b.light)
    b.curve([(60, 322), (200, 326), (344, 322)], b.deep, 4)


def pillow(b: Brush) -> None:
    b.ground(y=300, rx=140)
    top = [(70, 190), (120, 174), (200, 186), (280, 174), (330, 190)]
    b.blob([*top, (326, 248), (332, 290), (200, 302), (68, 290), (74, 248)], b.dark)
    b.blob([*top, (322, 240), (310, 268), (200, 280), (90, 268), (78, 240)], b.base)
    b.blob([(130, 206), (200, 214), (270, 206), (262, 244), (200, 252), (138, 244)], b.light)
    b.oval(318, 284, 8, 7, METAL)
    for x, y, r in ((186, 118, 20), (214, 108, 26), (240, 120, 18)):
        b.oval(x, y, r, r * 0.8, PAPER)


KINDS = {
    "foam_mat": foam_mat,
    "groundsheet": groundsheet,
    "mat": mat,
    "pillow": pillow,
    "sleeping_bag": sleeping_bag,
    "solo_tent": solo_tent,
    "tarp": tarp,
    "tent": tent,
    "tipi": tipi,
    "tunnel_tent": tunnel_tent,
}
