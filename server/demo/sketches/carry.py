"""What one packs, and the light one carries."""

from server.demo.brush import BARK, FLAME, GLOW, INK, IRON, METAL, PAPER, WOOD, Brush, mix


def backpack(b: Brush) -> None:
    b.ground(y=334, rx=100)
    b.box(108, 210, 146, 318, b.dark, radius=16)
    b.box(254, 210, 292, 318, b.dark, radius=16)
    b.blob([(138, 128), (262, 128), (276, 220), (268, 330), (132, 330), (124, 220)], b.base)
    b.box(122, 56, 278, 84, mix(b.pale, WOOD, 0.5), radius=14)
    b.oval(136, 70, 8, 10, b.deep)
    b.blob([(130, 138), (136, 94), (200, 82), (264, 94), (270, 138), (200, 156)], b.dark)
    b.box(146, 222, 254, 312, b.light, radius=16)
    b.line([(156, 244), (244, 244)], b.deep, 4)
    for x in (168, 232):
        b.line([(x, 130), (x, 214)], b.deep, 7)
        b.box(x - 9, 168, x + 9, 184, METAL, radius=4)
    b.line([(254, 206), (284, 250), (276, 318)], b.deep, 5)


def daypack(b: Brush) -> None:
    b.ground(y=326, rx=100)
    b.curve([(176, 104), (180, 76), (220, 76), (224, 104)], b.deep, 10)
    outline = [
        (200, 96),
        (258, 112),
        (280, 180),
        (278, 300),
        (256, 324),
        (144, 324),
        (122, 300),
        (120, 180),
        (142, 112),
    ]
    b.blob(outline, b.base, shade=b.dark, beyond=242)
    b.curve([(140, 194), (146, 142), (200, 124), (254, 142), (260, 194)], b.pale, 5)
    b.box(142, 220, 258, 310, b.light, radius=18)
    b.curve([(152, 240), (200, 234), (248, 240)], b.deep, 4)
    b.oval(240, 246, 5, 9, METAL)
    b.box(182, 168, 218, 192, WOOD, radius=5)


def rolltop(b: Brush) -> None:
    b.ground(y=328, rx=98)
    b.box(122, 128, 278, 326, b.base, radius=20)
    b.box(222, 128, 278, 326, b.dark, radius=20)
    b.box(112, 88, 288, 126, b.dark, radius=16)
    b.box(112, 110, 288, 136, b.deep, radius=12)
    b.line([(112, 112), (100, 150), (122, 180)], b.deep, 6)
    b.line([(288, 112), (300, 150), (278, 180)], b.deep, 6)
    b.line([(200, 92), (200, 196)], INK, 8)
    b.box(186, 186, 214, 206, METAL, radius=5)
    b.box(146, 238, 254, 304, b.light, radius=10)
    b.line([(150, 252), (250, 252)], b.deep, 3)
    b.box(150, 214, 178, 222, PAPER, radius=4)


def duffel(b: Brush) -> None:
    b.ground(y=312, rx=165)
    b.curve([(140, 196), (156, 126), (244, 126), (260, 196)], b.deep, 11)
    b.box(48, 172, 352, 308, b.base, radius=58)
    b.oval(92, 240, 42, 66, b.dark)
    b.oval(308, 240, 42, 66, b.dark)
    b.curve([(96, 196), (200, 184), (304, 196)], b.pale, 5)
    for x in (142, 258):
        b.line([(x, 180), (x, 304)], b.deep, 13)
    b.box(174, 222, 226, 262, PAPER, radius=8)
    b.poly([(184, 252), (198, 232), (206, 242), (211, 236), (219, 252)], b.base)
    b.box(184, 118, 216, 134, WOOD, radius=6)


def drybag(b: Brush) -> None:
    b.ground(y=328, rx=86)
    b.blob([(138, 140), (262, 140), (276, 230), (268, 322), (132, 322), (124, 230)], b.base, shade=b.dark, beyond=236)
    b.box(124, 98, 276, 128, b.dark, radius=12)
    b.box(124, 118, 276, 144, b.deep, radius=10)
    b.curve([(128, 106), (150, 62), (250, 62), (272, 106)], INK, 8)
    b.box(186, 54, 214, 74, METAL, radius=5)
    for step in range(3):
        y = 210 + step * 24
        b.curve([(160, y), (180, y - 10), (200, y), (220, y + 10), (240, y)], b.pale, 6)


def _rays(b: Brush, x: float, y: float, radius: float) -> None:
    for share, tone in ((1.0, 0.82), (0.72, 0.6), (0.46, 0.3)):
        b.oval(x, y, radius * share, radius * share, mix(GLOW, PAPER, tone))


def lantern(b: Brush) -> None:
    _rays(b, 200, 206, 150)
    b.ground(y=326, rx=84)
    b.curve([(138, 124), (148, 54), (252, 54), (262, 124)], IRON, 7)
    b.box(148, 104, 252, 136, b.base, radius=12)
    b.box(154, 134, 246, 268, mix(GLOW, PAPER, 0.35), radius=14)
    b.box(176, 158, 224, 254, GLOW, radius=22)
    for x in (160, 200, 240):
        b.line([(x, 134), (x, 268)], b.dark, 5)
    b.box(134, 262, 266, 324, b.base, radius=16)
    b.box(134, 296, 266, 324, b.dark, radius=14)
    b.oval(200, 288, 10, 10, PAPER)


def headlamp(b: Brush) -> None:
    b.poly([(206, 226), (56, 348), (346, 352)], mix(GLOW, PAPER, 0.55))
    b.curve([(70, 214), (90, 120), (200, 92), (310, 120), (330, 214), (250, 250), (150, 250), (70, 214)], b.base, 26)
    b.dashes([(74, 196), (100, 124), (200, 94), (300, 124), (326, 196)], b.light, 4)
    b.box(144, 194, 256, 278, b.deep, radius=22)
    b.oval(200, 238, 34, 34, METAL)
    b.oval(200, 238, 26, 26, GLOW)
    b.oval(192, 230, 9, 9, PAPER)
    b.box(176, 184, 224, 200, FLAME, radius=7)


def torch(b: Brush) -> None:
    b.poly([(240, 152), (392, 30), (392, 190), (268, 188)], mix(GLOW, PAPER, 0.5))
    b.line([(92, 292), (206, 196)], b.dark, 54)
    b.line([(88, 284), (200, 190)], b.base, 40)
    b.poly([(184, 172), (232, 128), (288, 192), (234, 232)], b.deep)
    b.line([(236, 134), (284, 190)], METAL, 16)
    b.line([(246, 142), (278, 180)], GLOW, 9)
    for step in range(5):
        x, y = 106 + step * 13, 252 - step * 11
        b.line([(x, y), (x + 24, y + 28)], b.deep, 3)
    b.oval(180, 206, 10, 9, FLAME)
    b.curve([(80, 300), (52, 322), (66, 344), (92, 322), (84, 300)], INK, 4)


def table_lamp(b: Brush) -> None:
    _rays(b, 200, 178, 146)
    b.ground(y=330, rx=88)
    b.box(190, 190, 210, 306, WOOD, radius=6)
    b.oval(200, 314, 66, 17, BARK)
    b.oval(200, 307, 66, 17, WOOD)
    b.poly([(148, 88), (252, 88), (294, 214), (106, 214)], mix(b.base, GLOW, 0.35))
    b.poly([(148, 88), (186, 88), (166, 214), (106, 214)], mix(b.light, GLOW, 0.45))
    b.line([(148, 88), (252, 88)], b.dark, 6)
    b.line([(106, 214), (294, 214)], b.dark, 6)
    b.curve([(252, 214), (254, 240), (252, 250)], IRON, 3)
    b.oval(252, 256, 5, 7, BARK)


def string_lights(b: Brush) -> None:
    for row, (y, sag) in enumerate(((96, 76), (196, 76))):
        cable = [(24, y), (110, y + sag), (200, y + sag * 0.4), (290, y + sag), (376, y)]
        b.curve(cable, INK, 4)
        drops = ((56, 40), (110, 76), (158, 52), (200, 30), (242, 52), (290, 76), (344, 40))
        for index, (x, dy) in enumerate(drops):
            top = y + dy * sag / 76
            _rays(b, x, top + 30, 27)
            b.box(x - 7, top, x + 7, top + 16, b.deep, radius=3)
            b.blob([(x - 6, top + 16), (x + 6, top + 16), (x + 13, top + 32), (x, top + 48), (x - 13, top + 32)], GLOW)
            if (index + row) % 2:
                b.oval(x, top + 33, 7, 9, b.light)


KINDS = {
    "backpack": backpack,
    "daypack": daypack,
    "drybag": drybag,
    "duffel": duffel,
    "headlamp": headlamp,
    "lantern": lantern,
    "rolltop": rolltop,
    "string_lights": string_lights,
    "table_lamp": table_lamp,
    "torch": torch,
}
