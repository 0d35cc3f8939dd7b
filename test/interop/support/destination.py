"""Takes mail with aiosmtpd and prints each message as a line of JSON; the first line is its port. Ends with its standard input."""
import asyncio
import base64
import json
import sys

from aiosmtpd.smtp import SMTP


class Printer:
    async def handle_DATA(self, server, session, envelope):
        message = {
            "mailFrom": envelope.mail_from,
            "rcptTo": envelope.rcpt_tos,
            "data": base64.b64encode(envelope.original_content).decode(),
        }
        print(json.dumps(message), flush=True)
        return "250 2.0.0 stored"


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(Printer(), hostname="destination.test", enable_SMTPUTF8=True, data_size_limit=64 * 1024 * 1024),
        "127.0.0.1",
        0,
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
