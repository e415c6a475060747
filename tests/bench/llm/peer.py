"""The same work by the openai client: AsyncOpenAI, P in flight."""
import asyncio
import json
import resource
import sys
import time

from openai import AsyncOpenAI


async def main(url, n, parallel):
    client = AsyncOpenAI(base_url=url, api_key="test-key-0123456789", max_retries=3)
    gate, good = asyncio.Semaphore(parallel), 0

    async def ask(i):
        nonlocal good
        text = f"Question {i}: " + "the patient reports pain when climbing stairs; " * 25
        messages = [{"role": "system", "content": "Explain the visit in plain words."}, {"role": "user", "content": text}]
        async with gate:
            reply = await client.chat.completions.create(model="bench", messages=messages, max_tokens=4096)
        good += len(reply.choices[0].message.content) > 20

    start = time.monotonic()
    await asyncio.gather(*(ask(i) for i in range(n)))
    wall = time.monotonic() - start
    u = resource.getrusage(resource.RUSAGE_SELF)
    assert good == n
    print(json.dumps({"wall": round(wall, 3), "cpu": round(u.ru_utime + u.ru_stime, 3), "mib": round(u.ru_maxrss / 1024, 1)}))


asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
