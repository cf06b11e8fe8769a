"""What one sits on, lies in and dries off with."""

from server.demo.brush import BARK, INK, IRON, METAL, PAPER, WOOD, Brush, mix


def chair(b: Brush) -> None:
    b.ground(y=330, rx=130)
    b.line([(126, 226), (262, 328)], IRON, 9)
    b.line([(274, 226), (138, 328)], IRON, 9)
    b.line([(110, 92), (126, 238), (108, 328)], INK, 9)
    b.line([(290, 92), (274, 238), (292, 328)], INK, 9)
    b.blob([(110, 84), (200, 98), (290, 84), (280, 190), (270, 240), (200, 258), (130, 240), (120, 190)], b.base)
    b.blob([(122, 204), (200, 222), (278, 204), (290, 246), (200, 282), (110, 246)], b.dark)
    b.box(150, 122, 250, 176, b.light, radius=18)
    for y in (138, 150, 162):
        b.line([(166, y), (234, y)], b.dark, 3)
    for x in (108, 292):
        b.oval(x, 328, 15, 6, INK)


def deck_chair(b: Brush) -> None:
    b.ground(y=326, rx=150)
    b.line([(300, 84), (96, 322)], WOOD, 12)
    b.line([(84, 218), (284, 322)], BARK, 12)
    b.line([(236, 162), (330, 322)], BARK, 10)
    outer = [(306, 92), (250, 190), (190, 256), (130, 258), (84, 226)]
    b.curve(outer, b.base, 46)
    b.curve(outer, PAPER, 24)
    b.curve(outer, b.base, 9)
    b.line([(276, 74), (332, 108)], WOOD, 12)
    b.line([(66, 246), (102, 202)], WOOD, 12)


def table(b: Brush) -> None:
    b.ground(y=330, rx=150)
    for top, foot in ((104, 74), (296, 326)):
        b.line([(top, 206), (foot, 328)], IRON, 10)
    b.line([(140, 216), (260, 300)], METAL, 6)
    b.line([(260, 216), (140, 300)], METAL, 6)
    for step in range(6):
        left, right, y = 96 - step * 9, 304 + step * 9, 160 + step * 10
        b.line([(left, y), (right, y)], b.base if step % 2 else b.light, 9)
    b.line([(52, 218), (348, 218)], b.deep, 7)
    b.box(146, 130, 180, 172, "#c8413b", radius=7)
    b.curve([(180, 140), (196, 144), (180, 160)], "#c8413b", 5)
    b.oval(246, 170, 40, 10, PAPER)
    b.blob([(222, 166), (232, 150), (262, 150), (270, 166)], WOOD)


def hammock(b: Brush) -> None:
    for x in (48, 352):
        b.line([(x, 60), (x, 330)], BARK, 28)
        b.oval(x, 70, 56, 50, "#7f9a6a")
        b.oval(x - 14, 52, 32, 26, "#95ae7d")
        b.line([(x - 14, 168), (x + 14, 168)], INK, 8)
    b.ground(y=334, rx=150)
    b.line([(60, 168), (110, 206)], INK, 4)
    b.line([(340, 168), (290, 206)], INK, 4)
    b.blob([(104, 200), (150, 238), (200, 250), (250, 238), (296, 200), (272, 276), (200, 304), (128, 276)], b.base)
    b.blob([(104, 200), (150, 238), (200, 250), (250, 238), (296, 200), (254, 258), (200, 270), (146, 258)], b.dark)
    for side in (-1, 1):
        b.curve([(200 + side * 84, 222), (200 + side * 60, 262), (200 + side * 16, 292)], b.light, 4)
    b.poly([(180, 236), (214, 224), (232, 238), (198, 252)], PAPER)
    b.line([(198, 250), (214, 226)], INK, 2)


def stool(b: Brush) -> None:
    b.ground(y=332, rx=110)
    b.line([(268, 150), (118, 328)], WOOD, 15)
    b.line([(132, 150), (282, 328)], WOOD, 15)
    b.line([(200, 168), (200, 332)], BARK, 15)
    b.oval(200, 240, 13, 13, "#d8b04c")
    b.oval(200, 240, 5, 5, BARK)
    b.blob([(100, 128), (200, 152), (300, 128), (274, 168), (200, 196), (126, 168)], b.dark)
    b.blob([(100, 122), (200, 106), (300, 122), (262, 150), (200, 168), (138, 150)], b.base)
    b.dashes([(128, 128), (200, 116), (272, 128)], b.pale, 3)


def _folded(b: Brush, fills: tuple[str, ...]) -> None:
    b.ground(y=322, rx=140)
    for step, fill in enumerate(fills):
        top = 258 - step * 50
        b.box(76, top, 324, top + 58, fill, radius=26)
        b.curve([(104, top + 30), (200, top + 34), (296, top + 30)], mix(fill, INK, 0.18), 4)


def blanket(b: Brush) -> None:
    _folded(b, (b.dark, b.base, b.base, b.light))
    b.box(150, 108, 250, 308, b.pale)
    for y in range(120, 306, 17):
        b.line([(156, y + 8), (178, y - 4), (200, y + 8), (222, y - 4), (244, y + 8)], b.dark, 3)
    for x in range(152, 252, 12):
        b.line([(x, 308), (x - 2, 332)], b.pale, 4)


def picnic_blanket(b: Brush) -> None:
    corners = [(42, 262), (206, 176), (364, 232), (204, 330)]
    b.poly([(x, y + 9) for x, y in corners], b.deep)
    b.poly(corners, PAPER)
    for step in range(4):
        s = step / 4 + 0.06
        one, two = (42 + 164 * s, 262 - 86 * s), (204 + 160 * s, 330 - 98 * s)
        b.poly([one, (one[0] + 21, one[1] - 11), (two[0] + 20, two[1] - 12), two], mix(b.base, PAPER, 0.25))
        one, two = (206 + 158 * s, 176 + 56 * s), (42 + 162 * s, 262 + 68 * s)
        b.poly([one, (one[0] + 20, one[1] + 7), (two[0] + 20, two[1] + 9), two], mix(b.base, PAPER, 0.12))
    b.curve([(152, 214), (160, 118), (250, 118), (258, 214)], BARK, 9)
    b.box(134, 190, 276, 262, WOOD, radius=12)
    for x in range(152, 276, 22):
        b.line([(x, 198), (x, 254)], BARK, 3)
    b.box(130, 182, 280, 204, BARK, radius=8)
    b.oval(304, 244, 13, 13, "#c8413b")
    b.line([(304, 232), (309, 222)], BARK, 3)


def cushion(b: Brush) -> None:
    b.ground(y=318, rx=130)
    outline = [(84, 104), (200, 118), (316, 104), (304, 206), (318, 312), (200, 302), (82, 312), (96, 206)]
    b.blob(outline, b.base, shade=b.dark, beyond=270)
    for x in (152, 176, 200):
        b.curve([(x, 122), (x + 4, 200), (x, 296)], b.pale, 5)
    b.curve([(250, 160), (238, 190), (248, 220)], b.dark, 5)
    b.curve([(118, 128), (130, 144), (134, 164)], b.light, 5)


def towel(b: Brush) -> None:
    b.line([(56, 96), (344, 96)], WOOD, 14)
    b.oval(56, 96, 12, 12, BARK)
    b.oval(344, 96, 12, 12, BARK)
    b.blob([(112, 88), (288, 88), (290, 200), (286, 318), (200, 324), (114, 318), (110, 200)], b.base)
    b.blob([(112, 88), (160, 88), (156, 200), (160, 320), (114, 318), (110, 200)], b.light)
    for y in (252, 272):
        b.curve([(114, y), (200, y + 6), (287, y)], b.pale, 8)
    b.curve([(236, 100), (242, 190), (236, 244)], b.dark, 5)


def waffle_towel(b: Brush) -> None:
    _folded(b, (b.dark, b.base, b.light))
    for y in range(168, 206, 12):
        for x in range(104, 304, 16):
            b.box(x, y, x + 8, y + 6, b.dark, radius=2)
    b.curve([(288, 182), (340, 196), (330, 240)], b.deep, 6)
    b.blob([(150, 152), (160, 122), (236, 122), (246, 152)], WOOD)
    b.box(152, 112, 244, 128, BARK, radius=6)
    b.line([(236, 118), (296, 72)], BARK, 9)


KINDS = {
    "blanket": blanket,
    "chair": chair,
    "cushion": cushion,
    "deck_chair": deck_chair,
    "hammock": hammock,
    "picnic_blanket": picnic_blanket,
    "stool": stool,
    "table": table,
    "towel": towel,
    "waffle_towel": waffle_towel,
}
