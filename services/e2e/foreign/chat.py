"""A natter client as somebody would write one with Python's websockets.

Its one argument is JSON: gateways, token, badToken, room. It says what it has
done on stdout, a word a line, and goes on when it is told to on stdin.
"""

import asyncio
import json
import sys

import websockets

PATIENCE = 30


class Chat:
    """One connection."""

    def __init__(self, socket):
        self.socket = socket
        self.last = 0
        self.waiting = []

    @classmethod
    async def connect(cls, gateway):
        url = gateway.replace("http", "ws", 1) + "/v1/ws"
        socket = await websockets.connect(url, subprotocols=["natter.v1.json"], ping_interval=None)
        assert socket.subprotocol == "natter.v1.json", socket.subprotocol
        return cls(socket)

    async def ask(self, name, body):
        self.last += 1
        await self.socket.send(json.dumps({"id": self.last, name: body}))
        return await self.until(lambda frame: frame.get("re") == self.last)

    async def until(self, wanted):
        """The first frame that is wanted; the others are kept."""
        for i, frame in enumerate(self.waiting):
            if wanted(frame):
                return self.waiting.pop(i)
        while True:
            text = await asyncio.wait_for(self.socket.recv(), PATIENCE)
            assert isinstance(text, str), "a frame of bytes came"
            frame = json.loads(text)
            if wanted(frame):
                return frame
            self.waiting.append(frame)

    async def hears(self, text):
        frame = await self.until(lambda f: f.get("event", {}).get("message", {}).get("text") == text)
        return frame["event"]

    async def end(self):
        """The close code, once the server has closed."""
        try:
            while True:
                await asyncio.wait_for(self.socket.recv(), PATIENCE)
        except websockets.ConnectionClosed as closed:
            return closed.code


def say(word):
    print(word, flush=True)


async def told():
    line = await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    assert line, "nobody said how to go on"


async def main(setting):
    here, there = setting["gateways"]
    room = setting["room"]
    chat = await Chat.connect(here)
    welcome = (await chat.ask("hello", {"token": setting["token"], "agent": "python-websockets", "resume": []}))["welcome"]
    view = (await chat.ask("join", {"room": room}))["room"]
    assert view["room"] == room and view["role"] == "MEMBER", view
    ack = (await chat.ask("send", {"room": room, "clientMsgId": "foreign-1", "text": "hello from outside", "attempt": 1}))["ack"]
    own = await chat.hears("hello from outside")
    assert own["seq"] == ack["seq"] and own["clientMsgId"] == "foreign-1", (own, ack)
    say("sent")
    heard = await chat.hears("hello from inside")
    assert heard["seq"] == ack["seq"] + 1, heard
    assert (await chat.ask("ping", {}))["pong"] == {}
    await asyncio.wait_for(await chat.socket.ping(b"are you there"), PATIENCE)
    say("heard")

    chat.socket.transport.abort()  # no close frame: as if the network were gone
    say("dropped")
    await told()
    chat = await Chat.connect(there)
    hello = {"token": setting["token"], "epoch": welcome["epoch"], "resume": [{"room": room, "seq": heard["seq"]}]}
    again = (await chat.ask("hello", hello))["welcome"]
    assert [view["resume"] for view in again["rooms"] if view["room"] == room] == ["COMPLETE"], again
    missed = await chat.hears("while you were away")
    assert missed["seq"] == heard["seq"] + 1, missed
    ack = (await chat.ask("send", {"room": room, "clientMsgId": "foreign-1", "text": "hello from outside"}))["ack"]
    assert ack["duplicate"], ack
    say("resumed")

    await chat.socket.close()
    assert chat.socket.close_code == 1000, chat.socket.close_code
    stranger = await Chat.connect(here)
    error = (await stranger.ask("hello", {"token": setting["badToken"], "resume": []}))["error"]
    assert error["code"] == "UNAUTHENTICATED", error
    code = await stranger.end()
    assert code == 4401, code
    rude = await Chat.connect(here)
    for _ in range(10):
        await rude.socket.send("what?")
    code = await rude.end()
    assert code == 4400, code
    large = await Chat.connect(here)
    await large.socket.send(" " * (64 * 1024 + 1))
    code = await large.end()
    assert code == 1009, code
    say("done")


asyncio.run(main(json.loads(sys.argv[1])))
