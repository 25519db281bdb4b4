"""How many frames of 200 bytes a second go through `seq stream` to NDJSON, on one core."""

import contextlib
import os
import resource
import subprocess
import sys

FRAMES = int(os.environ.get("SEQ_BENCH_FRAMES", "400000"))
KEY = "seq_test_" + "b" * 64
FLOOD = """
import json, struct, sys, time
from websockets.sync.server import serve
count = int(sys.argv[1])
def frame(number):
    text = '{"channel":"prices:ETH-USD","seq":%d,"data":{"bid":2323.78,"ask":2324.58,"mid":2324.18,"pad":"' % number
    body = (text + "x" * (197 - len(text)) + '"}}').encode()
    assert len(body) == 200
    return b"\\x81\\x7e" + struct.pack(">H", len(body)) + body
blob = b"".join(frame(number + 1) for number in range(count))
def flood(connection):
    topics = json.loads(connection.recv())["subscribe"]
    connection.send(json.dumps({"subscribed": topics, "rejected": []}))
    start = time.perf_counter()
    connection.socket.sendall(blob)
    try:
        while True:
            connection.recv()
    except Exception:
        print(time.perf_counter() - start, flush=True)
        server.shutdown()
server = serve(flood, "127.0.0.1", 0, compression=None, ping_interval=None)
print(server.socket.getsockname()[1], flush=True)
server.serve_forever()
"""


@contextlib.contextmanager
def pinned(cores):
    """What is started here runs on these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def test_frames_through_to_ndjson(tell, seq, environment):
    cores = sorted(os.sched_getaffinity(0))
    with pinned(set(cores[1:] or cores)):
        command = [sys.executable, "-c", FLOOD, str(FRAMES)]
        flood = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert flood.stdout is not None
    try:
        url = f"http://127.0.0.1:{int(flood.stdout.readline())}"
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [seq, "stream", "prices:ETH-USD", "--json", "--max-events", str(FRAMES)]
        account = {"SEQ_API_KEY": KEY, "SEQ_API_URL": url}
        with pinned({cores[0]}):
            done = subprocess.run(command, env=environment | account, capture_output=True, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert done.returncode == 0, done.stderr
        lines = done.stdout.splitlines()
        assert len(lines) == FRAMES, "not a frame was left out"
        assert all(len(line) == 200 for line in lines)
        seconds = float(flood.stdout.readline())
    finally:
        flood.kill()
        flood.wait(10)
        flood.stdout.close()
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    tell(f"stream to NDJSON, one core: {FRAMES / seconds:.0f} frames of 200 bytes a second   (aim ≥ 50,000)")
    tell(f"  its whole process took {cpu:.2f} s of processor time: {FRAMES / cpu:.0f} frames a second of it")
