"""What LibreOffice made of the documents: page, margins, lines, heads that are repeated, every word; and the fonts that the files name."""
import csv
import html
import re
import subprocess
import sys
import zipfile
from pathlib import Path

folder = Path(sys.argv[1])
POINT_MM = 25.4 / 72
passed = failed = 0


def check(name, holds, what=""):
    global passed, failed
    if holds:
        passed += 1
    else:
        failed += 1
        print(f"FAILED {name}: {what}")


def run(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def squeezed(text):
    return re.sub(r"\s+", "", text)


def pages_of(pdf):
    """[{width, height in mm, lines: [(left, top, right, bottom in mm, text)]}], as the words lie on the page."""
    out = run("pdftotext", "-bbox-layout", str(pdf), "-")
    pages = []
    for width, height, body in re.findall(r'<page width="([\d.]+)" height="([\d.]+)">(.*?)</page>', out, re.S):
        lines = []
        for box, words in re.findall(r"<line ([^>]*)>(.*?)</line>", body, re.S):
            left, top, right, bottom = (float(one) * POINT_MM for one in re.findall(r'="([\d.]+)"', box))
            lines.append((left, top, right, bottom, html.unescape("".join(re.findall(r">([^<]*)</word>", words)))))
        pages.append({"width": float(width) * POINT_MM, "height": float(height) * POINT_MM, "lines": lines})
    return pages


def near(value, wanted, within):
    return abs(value - wanted) <= within


def check_paper(stem, title, repeated):
    pages = pages_of(folder / f"{stem}.pdf")
    text = squeezed(run("pdftotext", "-layout", str(folder / f"{stem}.pdf"), "-"))
    check(f"{stem}: every page is A4", all(near(page["width"], 210, 0.3) and near(page["height"], 297, 0.3) for page in pages), [(page["width"], page["height"]) for page in pages[:2]])
    # 版心 156 × 225 mm: 天头 37, 订口 28. The page number stands below it; glyph boxes are a little larger than glyphs.
    lines = [line for page in pages for line in page["lines"] if not re.fullmatch(r"—\d+—", line[4])]
    check(f"{stem}: nothing stands left of 28 mm", min(line[0] for line in lines) >= 28 - 0.5, min(lines)[:5])
    # a comma or full stop may hang over the edge by its own width, as Chinese typesetting has it
    out = [line for line in lines if line[2] > 184 + 0.7 + (5.7 if line[4][-1] in "，。、；：）》”" else 0)]
    check(f"{stem}: nothing stands right of 184 mm but a stop that hangs", not out, out[:3])
    check(f"{stem}: nothing stands above 37 mm", min(line[1] for line in lines) >= 37 - 2.5, min(lines, key=lambda line: line[1]))
    check(f"{stem}: nothing stands below 262 mm", max(line[3] for line in lines) <= 262 + 2.5, max(lines, key=lambda line: line[3]))
    # 22 lines of 28.95 pt on a page: the pitch of the body's lines, and full lines of 28 characters on the second page
    body = sorted(line for line in pages[1]["lines"] if line[3] < 262 and len(line[4]) > 20)
    tops = sorted(line[1] for line in body)
    pitches = [(after - before) / POINT_MM for before, after in zip(tops, tops[1:])]
    check(f"{stem}: lines are 28.95 pt apart", pitches and all(near(pitch % 28.95, 0, 0.3) or near(pitch % 28.95, 28.95, 0.3) for pitch in pitches), pitches)
    # what fills a line of the body from edge to edge, without digits: 28 characters; LibreOffice now and then sets 27 wider apart
    full = [line for page in pages for line in page["lines"] if re.fullmatch(r"[^\x00-\x7f]+", line[4]) and line[0] < 28.6 and line[2] > 182 and 7 < line[3] - line[1] < 7.6]
    check(f"{stem}: a full line has 28 characters", full and all(27 <= len(line[4]) <= 29 for line in full), [(len(line[4]), line[4]) for line in full])
    check(f"{stem}: at most 22 lines on a page of text", len(tops) <= 22, len(tops))
    numbers = [[line for line in page["lines"] if re.fullmatch(r"—\d+—", line[4])] for page in pages]
    check(f"{stem}: every page has its number", [line[0][4] for line in numbers if line] == [f"—{index + 1}—" for index in range(len(pages))], [len(line) for line in numbers])
    # 单页码居右, 双页码居左
    check(f"{stem}: odd numbers at the right, even ones at the left", all((line[0][0] > 105) == (index % 2 == 0) for index, line in enumerate(numbers) if line), [line[0][:1] for line in numbers if line])
    check(f"{stem}: its title", squeezed(title) in text, title)
    for head, least in repeated:
        having = [index + 1 for index, page in enumerate(pages) if squeezed(head) in squeezed("".join(line[4] for line in sorted(page["lines"], key=lambda line: (round(line[1]), line[0]))))]
        check(f"{stem}: the head {head} stands on each page of its table", len(having) >= least and having == list(range(having[0], having[0] + len(having))), having)
    check_fonts(stem)
    return pages, text


def check_fonts(stem):
    with zipfile.ZipFile(folder / f"{stem}.docx") as parts:
        styles, document = parts.read("word/styles.xml").decode(), parts.read("word/document.xml").decode()
        table = parts.read("word/fontTable.xml").decode()
    def font(style):
        found = re.search(rf"w:styleId='{style}'.*?</w:style>", styles, re.S)
        named = found and re.search(r"w:eastAsia='([^']+)'", found.group(0))
        return named.group(1) if named else re.search(r"<w:rPrDefault>.*?w:eastAsia='([^']+)'", styles, re.S).group(1)
    wanted = {"Masthead": "方正小标宋简体", "Title": "方正小标宋简体", "Body": "仿宋_GB2312", "Heading1": "黑体", "Heading2": "楷体_GB2312", "Heading3": "仿宋_GB2312", "CellHead": "黑体", "PageNumber": "宋体"}
    check(f"{stem}: fonts as GB/T 9704-2012 names them", all(font(style) == name for style, name in wanted.items()), {style: font(style) for style in wanted})
    check(f"{stem}: each of them in the table of fonts", all(f"w:name='{name}'" in table for name in set(wanted.values())))
    check(f"{stem}: every table repeats its head", document.count("<w:tbl>") == document.count("<w:tblHeader/>") > 0)


def check_words(stem, text):
    """Each line of the plain text stands in the PDF, word by word: nothing is lost on the way."""
    missing = []
    for line in (folder / f"{stem}.txt").read_text(encoding="utf-8").splitlines():
        for word in re.findall(r"[一-鿿]{4,}", line):
            if word not in text:
                missing.append(word)
    # a word may be parted by the end of a page or of a cell's line
    parted = [word for word in missing if not all(word[at:at + 2] in text for at in range(len(word) - 1))]
    check(f"{stem}: every word of the plain text", not parted, parted[:10])


def check_sheet():
    pages = pages_of(folder / "ledger.pdf")
    rows = list(csv.reader((folder / "ledger.csv").open(encoding="utf-8-sig", newline="")))
    check("ledger: every page is A4 across", all(near(page["width"], 297, 0.3) and near(page["height"], 210, 0.3) for page in pages), [(page["width"], page["height"]) for page in pages[:2]])
    text = [squeezed("".join(line[4] for line in sorted(page["lines"], key=lambda line: (round(line[1]), line[0])))) for page in pages]
    whole = "".join(text)
    check("ledger: its head on every page", all(all(squeezed(head) in page for head in rows[0]) for page in text), [[head for head in rows[0] if squeezed(head) not in page] for page in text])
    check("ledger: the numbers of the CSV", all(squeezed(row[0]) in whole for row in rows[1:]), len(rows))
    with zipfile.ZipFile(folder / "ledger.xlsx") as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
        strings = squeezed(html.unescape(parts.read("xl/sharedStrings.xml").decode()))
    check("ledger: no cell is a formula", "<f>" not in sheet and "<f " not in sheet)
    check("ledger: every text of the CSV", all(squeezed(cell).lstrip("'") in strings or re.fullmatch(r"[-\d.]*", cell) for row in rows for cell in row),
          [cell for row in rows for cell in row if squeezed(cell).lstrip("'") not in strings and not re.fullmatch(r"[-\d.]*", cell)][:5])
    check("ledger: amounts are numbers", len(re.findall(r"<c [^>]*><v>[\d.]+</v></c>", sheet)) >= len(rows) - 1)
    check("ledger: it fits across one page", all(max(line[2] for line in page["lines"]) < 297 - 5 for page in pages), [max(line[2] for line in page["lines"]) for page in pages])


bulletin, words = check_paper("bulletin", "关于《2021年仓山区闽宁协作工作要点》2021年12月份落实情况的通报", [("序号任务单位", 2)])
check("bulletin: it is numbered, and no draft", "仓农协作通报〔2021〕1号" in words and "征求意见稿" not in words)
for part in ["一、总体情况", "二、任务进展", "（一）超序时", "三、报送情况", "四、存在问题", "五、下一步工作要求", "附件1", "附件2", "附件3", "附件4", "抄送：区政府办。"]:
    check(f"bulletin: {part}", squeezed(part) in words)
check_words("bulletin", words)
summary, told = check_paper("summary", "关于《2021年仓山区闽宁协作工作要点》2021年度落实情况的总结", [])
check("summary: its tasks", all(task in told for task in ["组织领导", "结对帮扶", "劳务输转", "消费帮扶", "招商引资", "社会帮扶", "专技人才"]))
check_sheet()
print(f"papers: {passed} passed, {failed} failed; {len(bulletin)} and {len(summary)} pages, pictures in {folder}")
sys.exit(1 if failed or not passed else 0)
