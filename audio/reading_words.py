"""What pypinyin does not know, or gets wrong: words, surnames, letters. PURE: tables, checked by teachers."""

LETTERS = {
    "A": "ei1", "B": "bi4", "C": "xi1", "D": "di4", "E": "yi4", "F": "ai2fu5", "G": "ji4", "H": "ei2chi5", "I": "ai4",
    "J": "zhei4", "K": "kai4", "L": "ai2lou5", "M": "ai2mu5", "N": "en1", "O": "ou1", "P": "pi4", "Q": "kou4",
    "R": "a1er3", "S": "ai2si5", "T": "ti4", "U": "you1", "V": "wei1", "W": "da2bu5liu4", "X": "ai1ke5si5", "Y": "wai4",
    "Z": "zei2",
}  # fmt: skip
"""Letters as they are said in China, in syllables that every engine has."""

WORDS = {
    "年级": "nian2ji2",
    "校长": "xiao4zhang3",  # 小学校长: pypinyin cuts 小学校|长
    "家长": "jia1zhang3",
    "行长": "hang2zhang3",
    "队长": "dui4zhang3",
    "班长": "ban1zhang3",
    "组长": "zu3zhang3",
    "园长": "yuan2zhang3",
    "校门": "xiao4men2",
    "校门口": "xiao4men2kou3",
    "早上": "zao3shang5",
    "晚上": "wan3shang5",
    "队伍": "dui4wu5",
    "答应": "da1ying5",
    "休息": "xiu1xi5",
    "大夫": "dai4fu5",
    "一律": "yi2lv4",
    "冠县": "guan4xian4",  # pypinyin: guan1
    "莘县": "shen1xian4",
    "茌平": "chi2ping2",
    "东阿": "dong1e1",
    "单县": "shan4xian4",  # pypinyin: dan1
    "朝阳": "chao2yang2",  # the place; pypinyin: the morning sun
    "一行": "yi4hang2",  # 排成一行
    "两行": "liang3hang2",
    "成行": "cheng2hang2",
    "待会": "dai1hui4",
    "得走": "dei3zou3",
    "慢慢地": "man4man4de5",
    "有序地": "you3xu4de5",
    "安静地": "an1jing4de5",
    "一般": "yi4ban1",
    "不一": "bu4yi1",
    "应到": "ying1dao4",
    "数数": "shu3shu4",
    "还有": "hai2you3",
    "还没": "hai2mei2",
    "为您": "wei4nin2",
    "接孩子": "jie1hai2zi5",
}
"""Before pypinyin, the longest first."""

GLUED = (
    "注意 放学 演练 现在 正在 同学 小学 等候 东昌府 百分之 安全 安静 接送 校车 社团 门口 通道 教室 班级 整队 图书馆 "
    "后门 前门 大门 东门 西门 南门 北门 东侧 西侧 南侧 北侧 幼儿园 向日葵 操场 停车场"
)
"""Read rightly, but cut or paired wrongly: together the voice stresses them as words."""

ALONE = "是批请的地得了着过和与及或在到从往向朝由对把被让给按经先再就也都还各每全本该这那不没一两几等请将已未可要会能并"
"""Signs that are words of their own; two others that pypinyin leaves alone are taken for one word (暂停, 阳谷)."""

SURNAMES = {
    "单": "shan4", "解": "xie4", "曾": "zeng1", "查": "zha1", "任": "ren2", "华": "hua4", "区": "ou1", "仇": "qiu2",
    "朴": "piao2", "翟": "zhai2", "盖": "ge3", "葛": "ge3", "纪": "ji3", "燕": "yan1", "应": "ying1", "乐": "yue4",
    "员": "yun4", "缪": "miao4", "种": "chong2", "折": "she2", "繁": "po2", "覃": "qin2", "召": "shao4", "哈": "ha3",
    "秘": "bi4", "祭": "zhai4", "句": "gou1", "么": "yao1", "柏": "bai3", "薄": "bo2", "卜": "bu3", "晁": "chao2",
    "逄": "pang2", "谌": "chen2", "阚": "kan4", "车": "che1", "贾": "jia3", "盛": "sheng4", "曲": "qu1", "尉": "wei4",
    "强": "qiang2", "冼": "xian3", "洗": "xian3", "臧": "zang1", "都": "du1", "相": "xiang4", "隗": "wei3", "郗": "xi1",
    "俞": "yu2", "於": "yu1", "亓": "qi2", "仉": "zhang3", "宓": "mi4", "乜": "nie4", "訾": "zi1", "佘": "she2",
    "尹": "yin3", "石": "shi2", "沈": "shen3", "宁": "ning2", "那": "na1", "黑": "he4", "肖": "xiao1", "万": "wan4",
    "尉迟": "yu4chi2", "万俟": "mo4qi2", "长孙": "zhang3sun1", "令狐": "ling2hu2", "澹台": "tan2tai2",
}  # fmt: skip
"""Before a title alone: 单老师, but 单元. Where families differ (覃, 华, 肖), a school gives its own reading."""

TITLES = "老师 主任 校长 书记 园长 院长 医生 护士 师傅 先生 女士 阿姨 教练 警官"

MEASURES = (
    r"个|名|位|辆|次|分钟|秒|小时|天|周|遍|点|时(?!代)|人|米|厘米|公里|倍|岁|元|块|条|张|件|种|支|只|年(?!级|\S{1,4}班)|"
    "节课|排|列"
)
"""What is counted: 2个 is 两个, and 一 changes its tone. 2班, 2号, 2路 are names and are not here."""

ORDERS = "年级|班|级|届|号|组|队|楼|层|区|栋|单元|期|月"
"""What a number before it names: 一班 keeps its first tone (pypinyin says yi4nian2ji2)."""
