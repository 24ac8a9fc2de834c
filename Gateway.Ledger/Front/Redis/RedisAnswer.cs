using StackExchange.Redis;

namespace Gateway.Ledger.Front.Redis;

/// <summary>What a script returned: a word, then values.</summary>
internal readonly struct RedisAnswer(RedisResult result)
{
    private readonly RedisResult[] values = (RedisResult[])result;

    public string Word => Text(0);

    public int Count => values.Length;

    public string Text(int at) => (string)values[at];

    public long Number(int at) => (long)values[at];

    public Credits Amount(int at) => new(Number(at));

    public byte[] Bytes(int at) => (byte[])values[at];

    public RedisResult[] List(int at) => (RedisResult[])values[at];

    public BucketShare[] Split(int at) => RedisTerms.ReadSplit(Bytes(at));
}
