"""What one puts on."""

from server.demo.brush import BARK, FELT, INK, METAL, PAPER, WOOD, Brush, Point, mix

HEM: list[Point] = [(279, 240), (279, 312), (262, 329), (200, 331), (138, 329), (121, 312), (121, 240)]
TORSO: list[Point] = [(150, 112), (250, 112), (282, 136), *HEM, (118, 136)]


def _sleeves(b: Brush, fill: str, cuff: str) -> None:
    for side in (-1, 1):
        b.blob([(200 + side * x, y) for x, y in ((64, 116), (92, 140), (122, 282), (86, 292), (66, 200))], fill)
        b.line([(200 + side * 90, 288), (200 + side * 118, 280)], cuff, 12)


def _body(b: Brush) -> None:
    _sleeves(b, b.dark, b.deep)
    b.blob(TORSO, b.base)


def _hood(b: Brush) -> None:
    b.blob([(150, 126), (152, 78), (200, 56), (248, 78), (250, 126), (200, 140)], b.dark)
    b.blob([(166, 124), (168, 92), (200, 76), (232, 92), (234, 124), (200, 138)], b.deep)


def _zip(b: Brush, top: float = 132) -> None:
    b.line([(200, top), (200, 328)], b.pale, 4)
    b.oval(200, top + 8, 5, 8, METAL)


def jacket(b: Brush) -> None:
    _hood(b)
    _body(b)
    b.blob([(150, 112), (250, 112), (282, 136), (281, 176), (200, 190), (119, 176), (118, 136)], b.light)
    _zip(b)
    for side in (-1, 1):
        b.line([(200 + side * 40, 256), (200 + side * 58, 300)], b.deep, 5)


def windbreaker(b: Brush) -> None:
    _hood(b)
    _sleeves(b, b.base, b.deep)
    b.blob(TORSO, b.base)
    b.poly([(118, 196), (282, 166), (281, 204), (119, 234)], b.pale)
    _zip(b)
    b.line([(134, 323), (266, 323)], b.deep, 9)


def puffer(b: Brush) -> None:
    b.blob([(156, 120), (160, 86), (200, 80), (240, 86), (244, 120)], b.dark)
    _body(b)
    for y in range(146, 320, 32):
        b.curve([(120, y), (160, y + 8), (200, y)], b.dark, 4)
        b.curve([(200, y), (240, y + 8), (280, y)], b.dark, 4)
        b.curve([(130, y - 16), (160, y - 10), (188, y - 16)], b.light, 5)
        b.curve([(212, y - 16), (240, y - 10), (270, y - 16)], b.light, 5)
    for side in (-1, 1):
        for y in (166, 202, 238):
            x = 68 + (y - 140) * 0.17
            b.line([(200 + side * (x + 8), y + 4), (200 + side * (x + 30), y)], b.deep, 3)
    _zip(b, 96)


def fleece(b: Brush) -> None:
    b.blob([(156, 122), (158, 86), (200, 80), (242, 86), (244, 122)], b.dark)
    _body(b)
    b.blob([(136, 118), (264, 118), (281, 150), (280, 180), (200, 184), (120, 180), (119, 150)], b.dark)
    _zip(b, 98)
    b.box(224, 146, 258, 174, b.deep, radius=5)
    b.line([(226, 150), (256, 150)], b.pale, 3)
    for x, y in ((150, 220), (172, 262), (146, 300), (228, 214), (252, 252), (232, 296)):
        b.curve([(x - 8, y), (x, y - 5), (x + 8, y)], b.light, 3)


def vest(b: Brush) -> None:
    b.blob([(158, 118), (160, 84), (200, 78), (240, 84), (242, 118)], b.dark)
    shoulders = [(150, 108), (250, 108), (262, 132), (264, 180)]
    b.blob([*shoulders, (281, 214), *HEM, (119, 214), (136, 180), (138, 132)], b.base)
    for y in range(150, 320, 34):
        b.line([(146, y - 14), (184, y - 10)], b.light, 5)
        b.line([(216, y - 10), (254, y - 14)], b.light, 5)
        b.curve([(128, y), (164, y + 7), (200, y)], b.dark, 4)
        b.curve([(200, y), (236, y + 7), (272, y)], b.dark, 4)
    _zip(b, 94)
    for side in (-1, 1):
        b.curve([(200 + side * 62, 132), (200 + side * 64, 180), (200 + side * 80, 212)], b.deep, 7)


def sweater(b: Brush) -> None:
    _sleeves(b, b.dark, b.light)
    b.blob(TORSO, b.base)
    b.box(164, 78, 236, 124, b.dark, radius=14)
    for x in range(174, 236, 13):
        b.line([(x, 86), (x, 118)], b.deep, 2)
    for x in (158, 200, 242):
        for y in range(140, 306, 22):
            b.line([(x - 9, y), (x, y + 10), (x + 9, y)], b.light, 4)
    b.box(122, 308, 278, 332, b.dark, radius=8)
    for x in range(132, 276, 14):
        b.line([(x, 314), (x, 326)], b.deep, 2)


def trousers(b: Brush) -> None:
    b.poly(
        [(134, 84), (266, 84), (274, 200), (262, 336), (212, 336), (200, 172), (188, 336), (138, 336), (126, 200)],
        b.base,
    )
    b.poly([(200, 84), (266, 84), (274, 200), (262, 336), (212, 336), (200, 172)], b.dark)
    b.box(130, 74, 270, 98, b.deep, radius=8)
    b.box(188, 76, 212, 96, METAL, radius=4)
    for side in (-1, 1):
        b.curve([(200 + side * 62, 104), (200 + side * 48, 124), (200 + side * 34, 100)], b.deep, 4)
        b.blob([(200 + side * x, y) for x, y in ((22, 228), (60, 224), (60, 268), (24, 272))], b.deep)
    b.box(130, 160, 160, 206, b.light, radius=6)
    b.line([(134, 170), (156, 170)], b.dark, 3)


def boot(b: Brush) -> None:
    b.ground(y=316, rx=140)
    b.blob([(120, 110), (196, 104), (204, 196), (268, 226), (312, 262), (308, 300), (112, 300), (116, 210)], b.base)
    b.blob([(118, 116), (152, 112), (150, 210), (158, 298), (112, 300), (116, 210)], b.dark)
    b.blob([(258, 222), (304, 248), (314, 288), (300, 300), (240, 298), (246, 248)], b.deep)
    b.box(104, 292, 322, 318, INK, radius=10)
    for x in range(116, 312, 26):
        b.box(x, 312, x + 14, 326, INK, radius=3)
    b.curve([(126, 112), (112, 84), (132, 80), (142, 110)], b.deep, 6)
    b.box(112, 98, 206, 124, b.light, radius=12)
    for x, y in ((196, 138), (200, 166), (208, 194), (230, 214)):
        b.line([(x - 34, y + 10), (x + 2, y - 4)], PAPER, 5)
        b.oval(x - 36, y + 11, 5, 5, METAL)


def winter_boot(b: Brush) -> None:
    b.ground(y=318, rx=140)
    b.blob([(116, 100), (206, 98), (210, 210), (276, 232), (310, 268), (304, 304), (112, 304), (114, 210)], b.base)
    b.blob([(110, 232), (212, 226), (280, 238), (312, 272), (306, 304), (110, 304)], b.deep)
    b.box(100, 296, 322, 322, INK, radius=11)
    for x in (122, 142, 162, 182, 202):
        b.oval(x, 98, 17, 20, PAPER)
    for y in (146, 178, 210):
        b.line([(148, y + 8), (208, y - 4)], FELT, 6)
    b.line([(126, 128), (126, 220)], b.dark, 6)


def sneaker(b: Brush) -> None:
    b.ground(y=308, rx=150)
    b.blob(
        [(80, 196), (112, 184), (146, 212), (186, 190), (232, 232), (304, 250), (336, 282), (320, 296), (84, 296)],
        b.base,
    )
    b.blob([(80, 196), (108, 186), (126, 230), (130, 294), (84, 296)], b.dark)
    b.blob([(286, 246), (326, 264), (336, 288), (262, 294), (268, 262)], b.deep)
    b.blob([(70, 284), (200, 290), (340, 278), (344, 300), (310, 308), (84, 308)], PAPER)
    b.line([(84, 310), (318, 310)], INK, 9)
    for x in range(92, 320, 24):
        b.poly([(x, 312), (x + 14, 312), (x + 7, 324)], INK)
    for x, y in ((176, 204), (196, 218), (216, 232)):
        b.line([(x - 18, y + 18), (x + 10, y - 6)], PAPER, 5)
    b.curve([(136, 284), (180, 262), (238, 276)], b.light, 9)
    b.curve([(84, 200), (70, 180), (86, 176), (96, 190)], b.deep, 5)


def sandal(b: Brush) -> None:
    b.ground(y=306, rx=150)
    b.blob([(70, 276), (130, 268), (200, 282), (280, 270), (338, 280), (334, 296), (74, 296)], WOOD)
    b.blob([(66, 288), (200, 296), (342, 286), (336, 308), (72, 308)], INK)
    b.curve([(254, 284), (282, 222), (314, 284)], b.base, 26)
    b.curve([(152, 286), (196, 206), (238, 284)], b.base, 24)
    b.curve([(84, 284), (86, 196), (130, 190), (176, 240)], b.dark, 20)
    b.curve([(88, 232), (130, 244), (164, 260)], b.dark, 14)
    b.box(184, 208, 212, 232, METAL, radius=5)
    b.box(272, 224, 294, 244, METAL, radius=5)


def slipper(b: Brush) -> None:
    for dx, dy in ((0, 0), (26, 62)):
        b.blob(
            [
                (x + dx, y + dy)
                for x, y in ((66, 216), (120, 196), (220, 192), (306, 208), (318, 234), (280, 252), (90, 252))
            ],
            INK,
        )
        b.blob(
            [
                (x + dx, y + dy)
                for x, y in ((68, 206), (120, 188), (220, 184), (304, 202), (314, 226), (276, 242), (92, 242))
            ],
            b.pale,
        )
        b.blob(
            [
                (x + dx, y + dy)
                for x, y in ((186, 182), (240, 168), (298, 192), (318, 224), (280, 244), (196, 244), (178, 214))
            ],
            b.base,
        )
        b.curve([(188 + dx, 184 + dy), (174 + dx, 212 + dy), (194 + dx, 242 + dy)], b.dark, 8)
        b.dashes([(206 + dx, 184 + dy), (194 + dx, 212 + dy), (210 + dx, 238 + dy)], b.light, 3)
        b.line([(252 + dx, 200 + dy), (268 + dx, 212 + dy), (252 + dx, 222 + dy)], b.light, 4)


def wellington(b: Brush) -> None:
    b.ground(y=320, rx=130)
    b.blob([(136, 76), (216, 74), (216, 220), (286, 252), (304, 286), (296, 308), (126, 308), (134, 210)], b.base)
    b.blob([(136, 76), (164, 76), (160, 210), (164, 306), (126, 308), (134, 210)], b.dark)
    b.oval(176, 78, 42, 11, b.deep)
    b.blob([(116, 300), (210, 304), (306, 294), (308, 322), (118, 324)], mix(BARK, INK, 0.3))
    b.box(132, 106, 218, 122, b.deep, radius=4)
    b.box(186, 102, 206, 126, METAL, radius=4)
    b.curve([(196, 142), (200, 210), (232, 236)], b.light, 8)


KINDS = {
    "boot": boot,
    "fleece": fleece,
    "jacket": jacket,
    "puffer": puffer,
    "sandal": sandal,
    "slipper": slipper,
    "sneaker": sneaker,
    "sweater": sweater,
    "trousers": trousers,
    "vest": vest,
    "wellington": wellington,
    "windbreaker": windbreaker,
    "winter_boot": winter_boot,
}
