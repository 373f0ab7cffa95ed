"""The evening of the 25th: so many clerks at once log in, look at what they owe, have it checked and send it, through the console.
usage: evening.py CONSOLE_URL PLAN_CLERKS PASSWORD MINNING HOME; prints where the time went, what each service used, and checks the ledger."""
import asyncio
import json
import os
import subprocess
import sys
import time
import uuid

base, count, password, minning, home = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4], sys.argv[5]
host, port = base.split("//")[1].rstrip("/").split(":")
steps, busy, faults = {}, {}, []
TRIES, PATIENCE = 60, 120


def tool(*words):
    return subprocess.run([minning, "--home", home, "--json", *words], check=True, capture_output=True, text=True).stdout


class Clerk:
    """One browser: its address, its cookie, the other half of it."""

    def __init__(self, number):
        self.number, self.login, self.cookie, self.csrf = number, f"c{number}", "", ""
        self.address = f"10.{number // 250}.{number % 250}.9"

    async def once(self, method, path, body):
        data = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        head = [f"{method} {path} HTTP/1.1", f"Host: {host}:{port}", f"X-Forwarded-For: {self.address}", "Connection: close"]
        if self.cookie:
            head.append(f"Cookie: {self.cookie}")
        if method == "POST":
            head += [f"Content-Length: {len(data)}", "Content-Type: application/json"] + ([f"X-CSRF-Token: {self.csrf}"] if self.csrf else [])
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write("\r\n".join(head).encode() + b"\r\n\r\n" + data)
        await writer.drain()
        answer = await asyncio.wait_for(reader.read(-1), PATIENCE)
        writer.close()
        top, _, rest = answer.partition(b"\r\n\r\n")
        for line in top.split(b"\r\n"):
            if line.lower().startswith(b"set-cookie:"):
                self.cookie = line.split(b":", 1)[1].split(b";")[0].strip().decode()
        return int(top.split(b" ", 2)[1] or 0) if top else 0, rest

    async def ask(self, step, method, path, body=None):
        """As a page does it: what is answered "busy" is asked again a second later, and the wait counts."""
        began = time.monotonic()
        for _ in range(TRIES):
            try:
                status, rest = await self.once(method, path, body)
            except (OSError, asyncio.TimeoutError) as error:
                status, rest = 0, repr(error).encode()
            if status not in (0, 503):
                break
            busy[step] = busy.get(step, 0) + 1
            await asyncio.sleep(1)
        steps.setdefault(step, []).append(time.monotonic() - began)
        if status not in (200, 202):
            raise RuntimeError(f"{step}: {status} {rest[:300].decode(errors='replace')}")
        return json.loads(rest)

    async def evening(self, start):
        await start.wait()
        began = time.monotonic()
        self.csrf = (await self.ask("log in", "POST", "/api/v1/login", {"login": self.login, "secret": password}))["csrf"]
        plan = await self.ask("plan", "GET", "/api/v1/plan")
        owed = (await self.ask("my tasks", "GET", "/api/v1/obligations?open=1"))["rows"]
        row = next(row for row in owed if row["period"] == "2021-08" and any(one != "progress" for one in row.get("missing", [])))
        await self.ask("what stands", "GET", f"/api/v1/standing?task={row['task']}&period={row['period']}")
        report = self.report(plan, row)
        told = await self.ask("dry run", "POST", "/api/v1/reports/check", report)
        if not told["accepted"]:
            raise RuntimeError(f"dry run: {told}")
        sent = await self.ask("submit", "POST", "/api/v1/reports", report)
        steps.setdefault("all of it", []).append(time.monotonic() - began)
        return report["submission_id"], sent["receipt"]["seq"], sent.get("verdict", {}).get("accepted")

    def report(self, plan, row):
        task = next(one for one in plan["tasks"] if one["id"] == row["task"])
        figures = []
        for indicator in task["indicators"]:
            if indicator["id"] not in row["missing"]:
                continue
            typed = f"{self.number + 1}.5万元" if indicator["measure"] == "money" else f"{self.number % 9 + 1}"
            for member in indicator.get("members") or [None]:
                figures.append({"indicator": indicator["id"], "amount": typed, **({"member": member["id"]} if member else {})})
        stamp = f"{int(time.time() * 1000):012x}"
        return {"submission_id": f"{stamp}7{uuid.uuid4().hex[13:]}", "task": row["task"], "period": row["period"], "figures": figures,
                "progress": "本月进展正常，二十五日晚报送", "prepared_by": "林某某", "explanations": [{"code": "no_evidence", "text": "凭证随后补"}]}


def used(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    ticks = os.sysconf("SC_CLK_TCK")
    memory = {line.split(":")[0]: int(line.split()[1]) for line in open(f"/proc/{pid}/status") if line.startswith(("VmHWM", "VmRSS"))}
    return (int(fields[11]) + int(fields[12])) / ticks, memory


def services():
    return {name: health["pid"] for name, health in json.loads(tool("status")).items() if isinstance(health, dict) and health.get("pid")}


async def crowd():
    start = asyncio.Event()
    clerks = [asyncio.create_task(Clerk(number).evening(start)) for number in range(count)]
    await asyncio.sleep(0.2)
    start.set()
    return await asyncio.gather(*clerks, return_exceptions=True)


def part(times, share):
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


pids = services()
before = {name: used(pid) for name, pid in pids.items()}
began = time.monotonic()
told = asyncio.run(crowd())
whole = time.monotonic() - began
faults = [one for one in told if isinstance(one, BaseException)]
told = [one for one in told if not isinstance(one, BaseException)]
print(f"{count} clerks at once: {len(told)} reports sent in {whole:.1f} s, {len(faults)} clerks failed")
for fault in faults[:3]:
    print(f"  {fault!r}")
print(f"  {'step':<12} {'p50 s':>8} {'p99 s':>8} {'slowest':>8}  busy")
for step, times in steps.items():
    print(f"  {step:<12} {part(times, 0.5):8.2f} {part(times, 0.99):8.2f} {max(times):8.2f}  {busy.get(step, 0)}")
print(f"  {'service':<12} {'CPU s':>8} {'RSS MB':>8} {'highest':>8}")
for name, pid in pids.items():
    cpu, memory = used(pid)
    print(f"  {name:<12} {cpu - before[name][0]:8.2f} {memory['VmRSS'] / 1024:8.1f} {memory['VmHWM'] / 1024:8.1f}")
entries = {}
for line in tool("tail", "entries", "--kind", "report_received").splitlines():
    event = json.loads(line)
    entries.setdefault(event["body"]["report"]["submission_id"], []).append(event["seq"])
once = [one for one in told if entries.get(one[0]) == [one[1]]]
accepted = [one for one in told if one[2]]
print(f"  in the ledger once, under the receipt's number: {len(once)} of {count}; accepted: {len(accepted)}; reports there: {sum(map(len, entries.values()))}")
sys.exit(0 if len(once) == len(accepted) == count == sum(map(len, entries.values())) else 1)
