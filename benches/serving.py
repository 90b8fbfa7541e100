#!/usr/bin/env python3
"""Measures the service under load, and prediction compared with onnxruntime, in one run.

    cargo build --release -p deepcross-cli -p examples --examples
    python3 benches/serving.py --parts predict rank load

A model of the Criteo data's shape is trained on a few random rows: 26 hashed categories, embedded 16 wide, 13 numbers,
residual units of 512, 512, 256, 128 and 64, tables of a million rows together; `--hidden` takes other widths.

predict  microseconds for 1, 16, 100 and 1000 rows on one thread, of the model and of the model in integers of 8 bits,
         alternating with onnxruntime on the exported graph if Python has it, and on this graph after its dynamic
         quantisation if Python has onnx, too; medians.
rank     a request of 200 candidates that share 16 categories, as whole rows by /v1/score and as candidates by /v1/rank, each
         as objects and as columns, alternating: milliseconds of one request at a time, by a client that reads the answer and
         does not parse it; then requests per second of 8 connections, and the processor time of the service for each
         request, which depends least on other programs; medians. Also with units of 64 and 32, which have few products.
soak     five minutes of requests of 100 rows, as fast as 64 connections can send them, and the memory of the service every
         10 s.
load     for requests of 1 row and of 100 rows, the greatest rate of a ladder that the service holds with a 99th
         percentile below 10 ms; then a minute at twice that rate, the memory of the service, and the time until it answers
         in time again.

Prints one line of JSON for each part. Only the comparison with onnxruntime needs a package outside Python's library.
"""

import argparse
import json
import os
import pathlib
import random
import socket
import statistics
import subprocess
import tempfile
import threading
import time

CATEGORIES, NUMBERS, SHARED, CANDIDATES = 26, 13, 16, 200


def fields():
    return [f"I{i + 1}" for i in range(NUMBERS)], [f"C{i + 1}" for i in range(CATEGORIES)]


def configuration(hidden):
    numbers, categories = fields()
    text = '[data]\nformat = "criteo"\nlabel = "label"\nmissing = [""]\n'
    for name in numbers:
        text += f'[[field]]\nname = "{name}"\nkind = "number"\ntransform = "log1p"\n'
    for name in categories:
        text += f'[[field]]\nname = "{name}"\nkind = "categorical"\nbuckets = {1_000_000 // CATEGORIES}\n'
    text += f"[model]\nembedding = 16\nbypass_below = 0\nhidden = {list(hidden)}\n"
    return text + "[train]\nepochs = 1\nbatch = 256\nvalid_fraction = 0.0\n"


def raw_row(rng):
    numbers = [str(int(rng.expovariate(0.01))) if rng.random() > 0.1 else "" for _ in range(NUMBERS)]
    categories = []
    for index in range(CATEGORIES):
        value = (int(rng.random() ** 3 * 100_000) * 2654435761 + index) & 0xFFFFFFFF
        categories.append(f"{value:08x}" if rng.random() > 0.1 else "")
    return numbers, categories


def as_object(row, columns=None):
    numbers, categories = fields()
    cells = dict(zip(numbers, row[0])) | dict(zip(categories, row[1]))
    cells = {name: None if value == "" else value for name, value in cells.items()}
    cells = {name: int(value) if value and name[0] == "I" else value for name, value in cells.items()}
    return {name: value for name, value in cells.items() if columns is None or name in columns}


class Service:
    def __init__(self, args, folder, model):
        command = [args.bin / "deepcross", "serve", "--model", model, "--addr", "127.0.0.1:0"]
        command += ["--max-body", "16777216"]
        self.log = open(folder / "serve.log", "w+")
        self.process = subprocess.Popen(command, stderr=self.log, stdout=self.log)
        for _ in range(100):
            time.sleep(0.1)
            self.log.seek(0)
            found = [word for word in self.log.read().split() if word.startswith(("http://", "127.0.0.1:"))]
            if found:
                self.addr = found[0].removeprefix("http://").rstrip("/.,")
                return
        raise SystemExit("the service did not start")

    def memory(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS"))

    def processor_seconds(self):
        threads = pathlib.Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")
        return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9

    def stop(self):
        self.process.terminate()
        self.process.wait()


def train(args, folder, hidden):
    name = "_".join(map(str, hidden))
    config, data, model = folder / f"{name}.toml", folder / "train.tsv", folder / f"{name}.dcx"
    config.write_text(configuration(hidden))
    rng = random.Random(1)
    with open(data, "w") as rows:
        for _ in range(2000):
            numbers, categories = raw_row(rng)
            rows.write("\t".join([str(int(rng.random() < 0.25)), *numbers, *categories]) + "\n")
    command = [args.bin / "deepcross", "train", "--config", config, "--data", data, "--out", model]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    return model


def quantised(args, folder, model):
    out = folder / "int8.dcx"
    command = [args.bin / "deepcross", "quantize", "--model", model, "--data", folder / "train.tsv", "--out", out]
    subprocess.run(command + ["--tolerance", "100"], check=True, capture_output=True)
    return out


def predict(args, folder, model):
    sizes = [1, 16, 100, 1000]
    times = {}
    command = [args.bin / "examples/throughput", "--mode", "score", "--threads", "1", "--hidden"]
    command += [str(width) for width in args.hidden]
    sessions = onnx_sessions(args, folder, model)
    for _ in range(args.rounds):
        for name, flags in (("deepcross", []), ("deepcross_int8", ["--int8"])):
            found = json.loads(subprocess.check_output(command + flags))
            for n in sizes:
                times.setdefault(name, {}).setdefault(n, []).append(found[f"batch_{n}_us"])
        for name, session in sessions.items():
            for n in sizes:
                times.setdefault(name, {}).setdefault(n, []).append(onnx_time(session, n))
    medians = {name: {n: statistics.median(found[n]) for n in sizes} for name, found in times.items()}
    result = {"part": "predict", "microseconds": medians}
    for rival in sessions:
        ratios = {
            own: {n: round(medians[own][n] / medians[rival][n], 3) for n in sizes}
            for own in ("deepcross", "deepcross_int8")
        }
        result[f"to {rival}"] = ratios
    return result


def onnx_sessions(args, folder, model):
    """Sessions of onnxruntime by name: of the exported graph, and of the graph after its dynamic quantisation."""
    try:
        import numpy
        import onnxruntime
    except ImportError:
        return {}
    out, sample = folder / "model.onnx", folder / "sample.json"
    command = [args.bin / "deepcross", "export", "--model", model, "--format", "onnx", "--out", out]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    graphs = {"onnxruntime": out}
    try:
        from onnxruntime.quantization import QuantType, quantize_dynamic

        graphs["onnxruntime_int8"] = folder / "model-int8.onnx"
        quantize_dynamic(out, graphs["onnxruntime_int8"], weight_type=QuantType.QInt8)
    except ImportError:
        pass
    rng = numpy.random.default_rng(1)

    def inputs(session, n):
        made = {}
        for given in session.get_inputs():
            shape = [n if not isinstance(size, int) else size for size in given.shape]
            if "int" in given.type:
                kind = numpy.int64 if "64" in given.type else numpy.int32
                made[given.name] = rng.integers(2, 1_000_000 // CATEGORIES, shape).astype(kind)
            else:
                made[given.name] = rng.random(shape, dtype=numpy.float32)
        return made

    sessions = {}
    for name, graph in graphs.items():
        session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
        sessions[name] = (session, {n: inputs(session, n) for n in (1, 16, 100, 1000)})
    return sessions


def onnx_time(session, n):
    session, inputs = session
    rounds = max(20, 2000 // n)
    for _ in range(3):
        session.run(None, inputs[n])
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        session.run(None, inputs[n])
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e6


class Caller:
    """One connection that is kept open, with as little work in Python as possible."""

    def __init__(self, service):
        host, port = service.addr.split(":")
        self.socket = socket.create_connection((host, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request):
        self.socket.sendall(request)
        answer = bytearray()
        while (end := answer.find(b"\r\n\r\n")) < 0:
            answer += self.receive()
        head = bytes(answer[:end]).lower()
        if not head.startswith(b"http/1.1 200"):
            raise SystemExit(bytes(answer))
        length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        while len(answer) < end + 4 + length:
            answer += self.receive()
        return bytes(answer[end + 4 :])

    def receive(self):
        part = self.socket.recv(1 << 16)
        if not part:
            raise SystemExit("the service closed the connection")
        return part


def as_request(path, body):
    head = f"POST {path} HTTP/1.1\r\nhost: t\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def rank_bodies():
    rng = random.Random(2)
    rows = [as_object(raw_row(rng)) for _ in range(CANDIDATES)]
    shared = {name: rows[0][name] for name in fields()[1][:SHARED]}
    rows = [row | shared for row in rows]
    own = [{name: value for name, value in row.items() if name not in shared} for row in rows]

    def as_columns(rows):
        return {name: [row[name] for row in rows] for name in rows[0]}

    bodies = {
        "score_rows": {"rows": rows},
        "score_columns": {"columns": as_columns(rows)},
        "rank_candidates": {"shared": shared, "candidates": own, "order": "input"},
        "rank_columns": {"shared": shared, "columns": as_columns(own), "order": "input"},
    }
    return {form: json.dumps(body).encode() for form, body in bodies.items()}


def path_of(form):
    return f"/v1/{form.split('_')[0]}"


def middle(found, digits):
    return {form: round(statistics.median(values), digits) for form, values in found.items()}


def latencies(args, service, bodies):
    caller = Caller(service)
    requests = {form: as_request(path_of(form), body) for form, body in bodies.items()}
    times = {form: [] for form in bodies}
    answers = {}
    for _ in range(args.rounds * 100):
        for form, request in requests.items():
            start = time.perf_counter()
            answers[form] = caller.ask(request)
            times[form].append((time.perf_counter() - start) * 1e3)
    return middle(times, 3), {form: json.loads(answer) for form, answer in answers.items()}


def throughputs(args, folder, service, bodies):
    rates, processor = {form: [] for form in bodies}, {form: [] for form in bodies}
    for _ in range(args.rounds):
        for form, body in bodies.items():
            file = folder / f"{form}.json"
            file.write_bytes(body)
            # A rate that no service holds: each connection asks again as soon as it is answered.
            command = [args.bin / "examples/load_generator", "--addr", service.addr, "--path", path_of(form)]
            command += ["--body", file, "--connections", "8", "--rate", "100000", "--seconds", "0.005"]
            before = service.processor_seconds()
            result = json.loads(subprocess.check_output(command))
            spent = service.processor_seconds() - before
            if result["statuses"].keys() != {"200"}:
                raise SystemExit(f"{form}: {result['statuses']}")
            rates[form].append(result["rate_held"])
            processor[form].append(spent * 1e3 / result["requests"])
    return middle(rates, 1), middle(processor, 3)


def furthest(answers):
    scored = answers["score_rows"]["probabilities"]
    assert answers["score_columns"]["probabilities"] == scored
    ranked = [[one["probability"] for one in answers[form]["ranking"]] for form in ("rank_candidates", "rank_columns")]
    return max(abs(a - b) for some in ranked for a, b in zip(some, scored, strict=True))


def rank(args, folder, model):
    result, bodies = {"part": "rank"}, rank_bodies()
    for hidden in [args.hidden] + [[64, 32]] * (args.hidden != [64, 32]):
        served = model if hidden == args.hidden else train(args, folder, hidden)
        service = Service(args, folder, served)
        milliseconds, answers = latencies(args, service, bodies)
        rates, processor = throughputs(args, folder, service, bodies)
        service.stop()
        # Without ranking, a caller would send whole rows.
        against = [("rank_candidates", "score_rows"), ("rank_columns", "score_columns"), ("rank_columns", "score_rows")]
        result[" ".join(map(str, hidden))] = {
            "milliseconds": milliseconds,
            "requests_a_second": rates,
            "processor_milliseconds_a_request": processor,
            "times_as_fast": {
                f"{ranked} to {scored}": {
                    "one at a time": round(milliseconds[scored] / milliseconds[ranked], 3),
                    "8 connections": round(rates[ranked] / rates[scored], 3),
                    "processor": round(processor[scored] / processor[ranked], 3),
                }
                for ranked, scored in against
            },
            "difference": furthest(answers),
        }
    return result


def watch(service, memory, done):
    while not done.wait(5):
        memory.append(round(service.memory(), 1))


def load(args, folder, model):
    found = {"part": "load"}
    rng = random.Random(3)
    for n, ladder in ((1, (5, 8, 10, 12, 14, 16, 18, 20, 24, 28)), (100, (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2))):
        body = folder / f"rows_{n}.json"
        body.write_text(json.dumps({"rows": [as_object(raw_row(rng)) for _ in range(n)]}))
        service = Service(args, folder, model)

        def at(rate, seconds, connections=64):
            command = [args.bin / "examples/load_generator", "--addr", service.addr, "--body", body]
            command += ["--rate", str(rate), "--seconds", str(seconds), "--connections", str(connections)]
            return json.loads(subprocess.check_output(command))

        at(ladder[0] * 1000, 3)
        held, memory = None, service.memory()
        for rate in ladder:
            result = at(rate * 1000, args.seconds)
            if result["milliseconds"]["p99"] >= 10 or result["statuses"].keys() != {"200"}:
                break
            held = result | {"rate": rate * 1000}
        if held is None:
            raise SystemExit(f"not even {ladder[0] * 1000} requests a second are held")
        # Each connection has one request at a time, so it takes many connections to fill the queue.
        memory_over, done = [], threading.Event()
        watcher = threading.Thread(target=watch, args=(service, memory_over, done))
        watcher.start()
        over = at(2 * held["rate"], args.overload_seconds, 256)
        done.set()
        watcher.join()
        start = time.monotonic()
        while at(100, 0.2)["milliseconds"]["p99"] >= 10 and time.monotonic() - start < 10:
            pass
        recovery = time.monotonic() - start
        again = at(100, 2)
        found[f"rows_{n}"] = {
            "held": held,
            "twice": over,
            "memory_mib": {"before": round(memory, 1), "during": memory_over, "after": round(service.memory(), 1)},
            "seconds_until_in_time": round(recovery, 2),
            "afterwards": again,
        }
        if service.process.poll() is not None:
            raise SystemExit("the service ended")
        service.stop()
    return found


def soak(args, folder, model):
    rng = random.Random(4)
    body = folder / "soak.json"
    body.write_text(json.dumps({"rows": [as_object(raw_row(rng)) for _ in range(100)]}))
    service = Service(args, folder, model)
    # More than the service can score: a request leaves as soon as a connection is free, so the service is never idle.
    command = [args.bin / "examples/load_generator", "--addr", service.addr, "--body", body]
    command += ["--rate", "5000", "--seconds", "10", "--connections", "64"]
    memory, statuses, answered = [round(service.memory(), 1)], {}, 0
    until = time.monotonic() + args.soak_seconds
    while time.monotonic() < until:
        result = json.loads(subprocess.check_output(command))
        answered += result["requests"]
        for status, count in result["statuses"].items():
            statuses[status] = statuses.get(status, 0) + count
        memory.append(round(service.memory(), 1))
    service.stop()
    return {"part": "soak", "requests": answered, "statuses": statuses, "memory_mib": memory}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=pathlib.Path, default=pathlib.Path("target/release"))
    parser.add_argument("--parts", nargs="+", default=["predict", "rank"], choices=["predict", "rank", "load", "soak"])
    parser.add_argument("--hidden", nargs="+", type=int, default=[512, 512, 256, 128, 64])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--int8", action="store_true", help="let the service use the model in integers of 8 bits")
    parser.add_argument("--overload-seconds", type=float, default=60)
    parser.add_argument("--soak-seconds", type=float, default=300)
    args = parser.parse_args()
    args.bin = args.bin.resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        model = train(args, folder, args.hidden)
        if args.int8 and "predict" in args.parts:
            raise SystemExit("--int8: the part predict measures both models in any case")
        if args.int8:
            model = quantised(args, folder, model)
        for part in args.parts:
            print(json.dumps({"predict": predict, "rank": rank, "load": load, "soak": soak}[part](args, folder, model)))


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
