using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Gateway.Ledger.Front.Redis;

/// <summary>One operation of the front: a <c>.lua</c> file beside this one, with the parts that it names by <c>--@ part.lua</c> put in their place.</summary>
internal sealed class RedisScript
{
    private const string Folder = "Front/Redis/";
    private const string Part = "--@ ";

    public static readonly RedisScript Open = new("open");
    public static readonly RedisScript LoadAccount = new("load_account");
    public static readonly RedisScript LoadSpending = new("load_spending");
    public static readonly RedisScript Hold = new("hold");
    public static readonly RedisScript Rehold = new("rehold");
    public static readonly RedisScript Renew = new("renew");
    public static readonly RedisScript Settle = new("settle");
    public static readonly RedisScript Refund = new("refund");
    public static readonly RedisScript Expired = new("expired");
    public static readonly RedisScript Reap = new("reap");
    public static readonly RedisScript Late = new("late");
    public static readonly RedisScript Restore = new("restore");
    public static readonly RedisScript Forgive = new("forgive");
    public static readonly RedisScript Credit = new("credit");
    public static readonly RedisScript Balance = new("balance");
    public static readonly RedisScript Spent = new("spent");
    public static readonly RedisScript Claim = new("claim");
    public static readonly RedisScript Acknowledge = new("ack");
    public static readonly RedisScript Drop = new("drop");

    /// <summary>Proofs come with their text, and are no part of what an epoch loads: a script cache without them says nothing.</summary>
    public static readonly RedisScript Proof = new("proof");

    /// <inheritdoc cref="Proof"/>
    public static readonly RedisScript ProofScan = new("proof_scan");

    /// <summary>What a server must have loaded before an epoch runs on it.</summary>
    public static readonly IReadOnlyList<RedisScript> All =
    [
        Open, LoadAccount, LoadSpending, Hold, Rehold, Renew, Settle, Refund, Expired, Reap, Late, Restore, Forgive, Credit, Balance, Spent, Claim,
        Acknowledge, Drop,
    ];

    private RedisScript(string name)
    {
        Text = string.Join('\n', Lines(name + ".lua"));
        Sha = Hash(Text);
    }

    /// <summary>What <c>SCRIPT LOAD</c> sends.</summary>
    public string Text { get; }

    /// <summary>What <c>EVALSHA</c> names it by. 20 bytes.</summary>
    public byte[] Sha { get; }

    private static IEnumerable<string> Lines(string file)
    {
        foreach (var line in EmbeddedText.Read(Folder + file).Split('\n'))
        {
            if (!line.StartsWith(Part, StringComparison.Ordinal))
            {
                yield return line;
                continue;
            }

            foreach (var inner in Lines(line[Part.Length..].Trim()))
                yield return inner;
        }
    }

    [SuppressMessage("Security", "CA5350", Justification = "Redis names its scripts by SHA-1; nothing is protected by it.")]
    private static byte[] Hash(string text) => SHA1.HashData(Encoding.UTF8.GetBytes(text));
}
