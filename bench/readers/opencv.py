"""Reads models with OpenCV's dnn module and runs them. One request and one answer a line, as JSON.

request  {"model": path}                                              loads the model and keeps it until the next one
         {"feeds": {name: {"dims": [...], "file": path}}, "outputs": [name], "folder": path}
answer   {"ok": true, "outputs": {name: {"dims": [...], "file": path}}}, or {"error": "one line"}
"""

import json
import os
import sys

import cv2
import numpy


def load(request):
    return cv2.dnn.readNetFromONNX(request["model"]), {"ok": True}


def run(net, request):
    for name, tensor in request["feeds"].items():
        values = numpy.fromfile(tensor["file"], dtype="<f4").reshape(tensor["dims"])
        net.setInput(values, name)
    results = net.forward(request["outputs"])
    outputs = {}
    for index, (name, values) in enumerate(zip(request["outputs"], results)):
        path = os.path.join(request["folder"], f"output-{index}.bin")
        numpy.ascontiguousarray(values, dtype="<f4").tofile(path)
        outputs[name] = {"dims": list(values.shape), "file": path}
    return {"ok": True, "outputs": outputs}


def one_line(error):
    return " ".join(str(error).split())[-240:]


def main():
    net = None
    cv2.setNumThreads(1)
    answer = sys.stdout
    answer.write(json.dumps({"version": cv2.__version__}) + "\n")
    answer.flush()
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if "model" in request:
                net, reply = load(request)
            else:
                reply = run(net, request)
        except Exception as error:
            reply = {"error": one_line(error)}
        answer.write(json.dumps(reply) + "\n")
        answer.flush()


main()
