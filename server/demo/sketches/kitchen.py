"""What one cooks on, eats from and drinks out of."""

from server.demo.brush import BARK, FLAME, GLOW, INK, IRON, METAL, PAPER, WOOD, Brush, mix


def _steam(b: Brush, x: float, y: float) -> None:
    for dx in (-26, 0, 26):
        b.curve([(x + dx, y), (x + dx - 9, y - 18), (x + dx + 9, y - 38), (x + dx, y - 58)], mix(b.pale, PAPER, 0.7), 6)


def _flame(b: Brush, x: float, y: float, size: float) -> None:
    for share, fill in ((1.0, FLAME), (0.58, GLOW)):
        s = size * share
        b.blob(
            [
                (x, y - s * 1.5),
                (x + s * 0.5, y - s * 0.7),
                (x + s * 0.38, y),
                (x - s * 0.38, y),
                (x - s * 0.5, y - s * 0.6),
            ],
            fill,
        )


def pot(b: Brush) -> None:
    _steam(b, 200, 128)
    b.ground(rx=120)
    b.curve([(110, 190), (120, 96), (280, 96), (290, 190)], IRON, 6)
    b.box(104, 172, 296, 318, b.base, radius=30)
    b.box(236, 172, 296, 318, b.dark, radius=30)
    b.box(236, 172, 262, 318, b.dark)
    b.box(94, 162, 306, 186, b.light, radius=11)
    b.oval(112, 186, 9, 9, INK)
    b.oval(288, 186, 9, 9, INK)
    b.box(126, 210, 142, 286, b.light, radius=8)
    for y in (226, 250, 274):
        b.line([(196, y), (212, y)], b.deep, 3)


def pan(b: Brush) -> None:
    b.line([(254, 172), (346, 78)], b.dark, 30)
    b.line([(318, 106), (344, 80)], b.deep, 14)
    b.oval(342, 82, 5, 5, PAPER)
    b.oval(170, 246, 128, 92, b.dark)
    b.oval(170, 238, 128, 92, b.base)
    b.oval(170, 240, 108, 74, b.deep)
    b.blob([(112, 232), (150, 196), (206, 208), (232, 246), (196, 280), (140, 276)], PAPER)
    b.oval(170, 240, 27, 23, "#f4b63f")
    b.oval(162, 233, 9, 6, GLOW)


def kettle(b: Brush) -> None:
    b.ground(rx=130)
    b.curve([(124, 196), (130, 104), (262, 104), (270, 196)], INK, 13)
    b.poly([(270, 214), (336, 176), (350, 190), (290, 270)], b.dark)
    b.oval(344, 182, 13, 10, INK)
    outline = [(140, 192), (258, 192), (304, 256), (296, 314), (104, 314), (96, 256)]
    b.blob(outline, b.base, shade=b.dark, beyond=246)
    b.oval(200, 192, 62, 14, b.light)
    b.box(186, 160, 214, 184, INK, radius=10)
    b.curve([(126, 238), (114, 262), (118, 288)], b.pale, 9)
    for dx, dy in ((0, 0), (12, -22)):
        b.curve([(356 + dx * 0.4, 160 + dy), (366, 148 + dy), (360, 138 + dy)], mix(b.pale, PAPER, 0.5), 5)


def stove(b: Brush) -> None:
    b.ground(rx=150)
    b.poly([(76, 226), (92, 130), (308, 130), (324, 226)], b.dark)
    for x in (142, 200, 258):
        _flame(b, x, 216, 24)
    b.line([(96, 206), (304, 206)], INK, 6)
    b.line([(120, 190), (120, 214)], INK, 6)
    b.line([(280, 190), (280, 214)], INK, 6)
    b.box(60, 218, 340, 314, b.base, radius=16)
    b.box(60, 286, 340, 314, b.dark, radius=14)
    for x in (124, 276):
        b.oval(x, 256, 22, 22, PAPER)
        b.line([(x, 256), (x + 10, 242)], INK, 6)
    b.box(176, 246, 224, 266, b.light, radius=8)


def firebowl(b: Brush) -> None:
    for x, y, r in ((140, 92, 3), (262, 80, 4), (226, 52, 3), (176, 60, 3)):
        b.oval(x, y, r, r, FLAME)
    b.ground(y=332, rx=120)
    for x, foot in ((130, 106), (270, 294), (200, 200)):
        b.line([(x, 280), (foot, 330)], INK, 10)
    _flame(b, 154, 216, 60)
    _flame(b, 248, 216, 66)
    _flame(b, 200, 220, 88)
    b.line([(128, 222), (262, 202)], BARK, 20)
    b.line([(140, 202), (272, 224)], WOOD, 20)
    b.slice(200, 216, 142, 92, 0, 180, b.base)
    b.slice(200, 216, 142, 92, 0, 70, b.dark)
    b.box(52, 208, 348, 224, b.light, radius=8)


def board(b: Brush) -> None:
    b.poly([(84, 250), (254, 150), (352, 206), (184, 314)], mix(b.dark, BARK, 0.4))
    b.poly([(84, 238), (254, 138), (352, 194), (184, 302)], b.base)
    for step in range(4):
        x, y = 112 + step * 24, 236 + step * 14
        b.curve([(x, y), (x + 70, y - 46), (x + 150, y - 88)], b.dark, 3)
    b.oval(270, 168, 12, 8, PAPER)
    b.line([(108, 154), (206, 236)], METAL, 13)
    b.line([(66, 118), (112, 157)], BARK, 17)
    for x, y in ((262, 236), (282, 222), (242, 250)):
        b.oval(x, y, 13, 10, "#c8413b")
        b.oval(x, y, 8, 6, "#e8786b")


def bottle(b: Brush) -> None:
    b.ground(y=338, rx=64)
    b.curve([(178, 84), (182, 52), (218, 52), (222, 84)], INK, 8)
    b.box(170, 72, 230, 116, INK, radius=12)
    outline = [(172, 112), (228, 112), (252, 158), (252, 318), (236, 336), (164, 336), (148, 318), (148, 158)]
    b.blob(outline, b.base, shade=b.dark, beyond=224)
    b.box(158, 176, 170, 296, b.light, radius=6)
    b.poly([(178, 262), (198, 226), (209, 244), (217, 232), (232, 262)], PAPER)
    b.box(148, 308, 252, 317, b.deep)


def clear_bottle(b: Brush) -> None:
    glass = mix("#dcecf0", b.pale, 0.25)
    b.ground(y=338, rx=64)
    b.box(148, 126, 252, 336, glass, radius=26)
    b.box(154, 196, 246, 330, mix("#9fd0e0", b.base, 0.12), radius=20)
    b.line([(154, 200), (246, 200)], PAPER, 4)
    b.box(164, 140, 174, 310, PAPER, radius=5)
    for y in range(220, 320, 24):
        b.line([(220, y), (238, y)], b.deep, 4)
    b.box(146, 84, 254, 132, b.base, radius=12)
    b.box(146, 114, 254, 132, b.dark, radius=8)
    b.curve([(246, 96), (286, 106), (280, 146), (250, 150)], b.dark, 9)


def mug(b: Brush) -> None:
    _steam(b, 188, 142)
    b.ground(rx=110)
    b.curve([(270, 206), (330, 204), (326, 276), (268, 276)], b.base, 20)
    outline = [
        (112, 173),
        (264, 173),
        (279, 194),
        (279, 240),
        (274, 292),
        (252, 316),
        (124, 316),
        (102, 292),
        (97, 240),
        (97, 194),
    ]
    b.blob(outline, b.base, shade=b.dark, beyond=236)
    b.oval(188, 170, 92, 19, INK)
    b.oval(188, 169, 84, 14, "#6b4630")
    for x, y, r in ((132, 228, 4), (158, 262, 3), (206, 240, 4), (182, 210, 3), (128, 284, 3), (226, 282, 3)):
        b.oval(x, y, r, r, b.pale)


def tumbler(b: Brush) -> None:
    b.ground(y=332, rx=72)
    b.poly([(136, 126), (264, 126), (246, 326), (154, 326)], b.base)
    b.poly([(220, 126), (264, 126), (246, 326), (208, 326)], b.dark)
    b.box(128, 96, 272, 130, INK, radius=12)
    b.box(150, 78, 250, 100, b.deep, radius=10)
    b.box(204, 66, 236, 84, METAL, radius=6)
    b.poly([(141, 184), (259, 184), (253, 254), (147, 254)], mix(b.pale, WOOD, 0.3))
    b.oval(200, 219, 22, 22, b.base)
    b.curve([(190, 222), (198, 210), (204, 226), (212, 214)], PAPER, 5)


def flask(b: Brush) -> None:
    b.ground(y=338, rx=104)
    b.curve([(236, 150), (304, 158), (300, 270), (240, 276)], INK, 13)
    b.box(126, 138, 246, 336, b.base, radius=20)
    b.box(204, 138, 246, 336, b.dark, radius=20)
    b.box(126, 168, 246, 184, METAL)
    b.box(126, 298, 246, 308, METAL)
    b.poly([(138, 78), (234, 78), (244, 142), (128, 142)], METAL)
    b.poly([(202, 78), (234, 78), (244, 142), (208, 142)], IRON)
    b.oval(186, 78, 48, 9, mix(METAL, PAPER, 0.5))
    b.box(140, 196, 152, 284, b.light, radius=6)
    b.box(264, 300, 330, 336, METAL, radius=9)
    b.oval(297, 300, 33, 8, "#6b4630")


KINDS = {
    "board": board,
    "bottle": bottle,
    "clear_bottle": clear_bottle,
    "firebowl": firebowl,
    "flask": flask,
    "kettle": kettle,
    "mug": mug,
    "pan": pan,
    "pot": pot,
    "stove": stove,
    "tumbler": tumbler,
}
