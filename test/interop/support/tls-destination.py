"""Takes mail with aiosmtpd on the listeners its argument lists as JSON ([{"ip", "port", "cert", "key"}], the last two for STARTTLS). Says "ready"; ends
with its standard input."""
import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP


class Taker:
    async def handle_DATA(self, server, session, envelope):
        return "250 2.0.0 stored"


def context_of(listener):
    if "cert" not in listener:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(listener["cert"], listener["key"])
    return context


async def main():
    loop = asyncio.get_running_loop()
    for listener in json.loads(sys.argv[1]):
        context = context_of(listener)
        await loop.create_server(
            lambda context=context: SMTP(Taker(), hostname="destination.test", tls_context=context),
            listener["ip"],
            listener["port"],
        )
    print("ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
