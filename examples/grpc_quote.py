#!/usr/bin/python3
"""grpc_quote.py - quotes over gRPC without generated files: the gateway describes itself.

usage: grpc_quote.py [HOST:PORT] [PUSHES]
FUTU_API_KEY: the key, when the gateway has --grpc-keys-file
"""
import os
import sys

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format

REFLECTION = text_format.Parse("""
    name: "reflection.proto" package: "reflection" dependency: "google/protobuf/descriptor.proto"
    message_type { name: "Question"
        field { name: "file_by_filename" number: 3 type: TYPE_STRING label: LABEL_OPTIONAL }
        field { name: "file_containing_symbol" number: 4 type: TYPE_STRING label: LABEL_OPTIONAL } }
    message_type { name: "Answer"
        field { name: "files" number: 4 type: TYPE_MESSAGE label: LABEL_OPTIONAL
                type_name: ".google.protobuf.FileDescriptorSet" } }
""", descriptor_pb2.FileDescriptorProto())


def message_class(descriptor):
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(descriptor)
    return message_factory.MessageFactory().GetPrototype(descriptor)    # protobuf before 4.22


class Gateway:
    def __init__(self, address, key=None, credentials=None, options=()):
        self.channel = (grpc.secure_channel(address, credentials, options) if credentials
                        else grpc.insecure_channel(address, options))
        self.metadata = [("authorization", f"Bearer {key}")] if key else []
        self.pool = descriptor_pool.DescriptorPool()
        for file in (descriptor_pb2.DESCRIPTOR.serialized_pb, REFLECTION.SerializeToString()):
            self.pool.AddSerializedFile(file)
        self.files, self.classes = set(), {}

    def _load(self, **question):
        """Asks for a file, and for those that it imports."""
        ask = self.channel.stream_stream(
            "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
            self.type("reflection.Question").SerializeToString,
            self.type("reflection.Answer").FromString)
        (answer,) = ask(iter([self.type("reflection.Question")(**question)]))
        if not answer.files.file:
            raise KeyError(*question.values())
        file = descriptor_pb2.FileDescriptorProto.FromString(answer.files.file[0].SerializeToString())
        self.files.add(file.name)
        for name in file.dependency:
            if name not in self.files:
                self._load(file_by_filename=name)
        self.pool.AddSerializedFile(file.SerializeToString())

    def _find(self, find, name):
        try:
            return find(name)
        except KeyError:
            self._load(file_containing_symbol=name)
            return find(name)

    def type(self, name):
        """The class of a message, such as "Qot_GetBasicQot.Request"."""
        if name not in self.classes:
            self.classes[name] = message_class(self._find(self.pool.FindMessageTypeByName, name))
        return self.classes[name]

    def _start(self, kind, path, request, options, how="__call__"):
        service, name = path.split("/")
        method = self._find(self.pool.FindServiceByName, service).FindMethodByName(name)
        request_type = self.type(method.input_type.full_name)
        start = getattr(self.channel, kind)("/" + path, request_type.SerializeToString,
                                            self.type(method.output_type.full_name).FromString)
        options = dict(options or {})
        metadata = self.metadata + options.pop("metadata", [])
        return getattr(start, how)(request_type(**request), metadata=metadata, **options)

    def call(self, path, options=None, **request):
        """One call of "SERVICE/METHOD" with the members of its request; options: those of grpc, such
        as {"timeout": 5}."""
        return self._start("unary_unary", path, request, options)

    def future(self, path, options=None, **request):
        """The same beside other calls: its result() is the answer."""
        return self._start("unary_unary", path, request, options, "future")

    def stream(self, path, options=None, **request):
        return self._start("unary_stream", path, request, options)


def main(address="127.0.0.1:33333", wanted="20"):
    gateway = Gateway(address, os.environ.get("FUTU_API_KEY"))
    securities = [{"market": 1, "code": "00700"}, {"market": 11, "code": "AAPL"}]
    pushes = gateway.stream("futu.service.FutuOpenD/SubscribePush")
    pushes.initial_metadata()       # from here on no push is missed
    done = gateway.call("futu.v1.Quote/Sub", c2s={
        "securityList": securities, "subTypeList": [1], "isSubOrUnSub": True, "isRegOrUnRegPush": True})
    if done.retType != 0:
        sys.exit(done.retMsg)
    for q in gateway.call("futu.v1.Quote/GetBasicQot", c2s={"securityList": securities}).s2c.basicQotList:
        print("now ", q.security.code, q.name, q.curPrice)
    quote = gateway.type("Qot_UpdateBasicQot.Response")
    for n, event in enumerate(pushes, 1):
        for q in quote.FromString(event.body).s2c.basicQotList:
            print("push", q.security.code, q.curPrice, q.updateTime, flush=True)
        if n >= int(wanted):
            break
    pushes.cancel()


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except grpc.RpcError as e:
        sys.exit(f"{e.code().name}: {e.details()}")
