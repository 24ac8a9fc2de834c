using FluentValidation;
using Gateway.Ledger;

namespace Gateway.Host.Settings;

/// <summary>What the operator configured, read once at the start.</summary>
internal sealed record GatewaySettings
{
    /// <summary>The SQLite file, absolute. Default <c>data/gateway.db</c> in the working directory. Of no effect with <see cref="BookConnection"/>.</summary>
    public required string BookFile { get; init; }

    /// <summary>The connection string of a PostgreSQL book; <c>null</c>: SQLite.</summary>
    public string? BookConnection { get; init; }

    /// <summary>The connection string of Redis; <c>null</c>: with PostgreSQL the book keeps the front, with SQLite this process does.</summary>
    public string? RedisConnection { get; init; }

    /// <summary>Folder of the settlement spool, absolute. Default <c>data/spool</c>.</summary>
    public required string SpoolFolder { get; init; }

    /// <summary>The operator's key; <c>null</c>: made at the first start. At least 32 characters, begins with <c>tw_api_</c>.</summary>
    public string? AdminKey { get; init; }

    /// <summary>32 bytes from which the keys of secrets and hashes are derived; <c>null</c>: made at the first start beside the SQLite file.</summary>
    public byte[]? MasterKey { get; init; }

    /// <summary>Master keys that still open what they sealed.</summary>
    public IReadOnlyList<byte[]> PreviousMasterKeys { get; init; } = [];

    /// <summary>What a settlement must survive. Default <see cref="Durability.Power"/>.</summary>
    public Durability Durability { get; init; } = Durability.Power;

    /// <summary>Whether new calls are refused while Redis is away, rather than admitted by the book.</summary>
    public bool RejectWhenFrontDown { get; init; }

    /// <summary>Whether new calls are refused while the book is away.</summary>
    public bool RejectWhenBookDown { get; init; }

    /// <summary>Lease of a hold. 3 s to 1 h; default 60 s.</summary>
    public TimeSpan HoldLease { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Settlements waiting for the book before new calls get 503. 1 to 100,000,000; default 500,000.</summary>
    public int MaxUnrecorded { get; init; } = 500_000;

    /// <summary>402 or 403; default 402.</summary>
    public int InsufficientBalanceStatus { get; init; } = 402;

    /// <summary>Body limit. Unit: bytes. 1 KiB to 1 GiB; default 32 MiB.</summary>
    public long MaxRequestBytes { get; init; } = 32L << 20;

    /// <summary>How long calls are still taken at <c>SIGTERM</c> though the gateway is no longer ready, if readiness was asked for within the last minute. 0 to 5 min; default 5 s.</summary>
    public TimeSpan DrainDelay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Time for calls in flight at <c>SIGTERM</c>, after <see cref="DrainDelay"/>. 0 to 1 h; default 30 s.</summary>
    public TimeSpan DrainTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Silence after which a stream gets <c>: ping</c>. 100 ms to 10 min; default 15 s.</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The longest answer: a stream that takes longer is ended with <c>max_duration</c>. 1 s to 24 h; default 60 min.</summary>
    public TimeSpan MaxAnswerTime { get; init; } = TimeSpan.FromMinutes(60);

    /// <summary>The longest that a call waits for the first byte of an answer, over all its attempts: none begins after it. 100 ms to 1 h; default 10 min, as long as the official SDKs wait.</summary>
    public TimeSpan FirstByteDeadline { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>What <c>cache_enable</c> may keep: of each workspace in Redis, in all without. Unit: bytes. 1 MiB to 64 GiB; default 64 MiB.</summary>
    public long CacheBytes { get; init; } = 64L << 20;

    /// <summary>The model that embeds questions for the semantic mode of <c>cache_enable</c>, <c>provider/model</c>; <c>null</c>: near duplicates alone are found.</summary>
    public string? CacheEmbeddingModel { get; init; }

    /// <summary>Reads and checks every setting of the gateway's own.</summary>
    /// <exception cref="SettingException">The first mistake.</exception>
    public static GatewaySettings Read(IConfiguration configuration)
    {
        var settings = SettingsReader.Read(configuration);
        var mistake = new GatewaySettingsValidator().Validate(settings).Errors.FirstOrDefault();
        if (mistake is not null)
        {
            var text = configuration[$"Gateway:{mistake.PropertyName}"];
            throw new SettingException($"Gateway__{mistake.PropertyName}", $"\"{text}\" {mistake.ErrorMessage}");
        }

        return settings;
    }

    /// <summary>The ledger's part.</summary>
    public LedgerOptions ToLedgerOptions() => new()
    {
        BookFile = BookFile,
        BookConnection = BookConnection,
        RedisConnection = RedisConnection,
        SpoolFolder = SpoolFolder,
        Durability = Durability,
        HoldLease = HoldLease,
        MaxUnrecorded = MaxUnrecorded,
        RejectWhenFrontDown = RejectWhenFrontDown,
        RejectWhenBookDown = RejectWhenBookDown,
    };
}

/// <summary>The ranges; the messages go on after the setting's value.</summary>
internal sealed class GatewaySettingsValidator : AbstractValidator<GatewaySettings>
{
    public GatewaySettingsValidator()
    {
        RuleFor(s => s.HoldLease).InclusiveBetween(TimeSpan.FromSeconds(3), TimeSpan.FromHours(1)).WithMessage("is not from 3s to 1h.");
        RuleFor(s => s.MaxUnrecorded).InclusiveBetween(1, 100_000_000).WithMessage("is not from 1 to 100000000.");
        RuleFor(s => s.InsufficientBalanceStatus).Must(static status => status is 402 or 403).WithMessage("is not one of 402, 403.");
        RuleFor(s => s.MaxRequestBytes).InclusiveBetween(1L << 10, 1L << 30).WithMessage("is not from 1KiB to 1GiB.");
        RuleFor(s => s.DrainDelay).InclusiveBetween(TimeSpan.Zero, TimeSpan.FromMinutes(5)).WithMessage("is not from 0s to 5m.");
        RuleFor(s => s.DrainTime).InclusiveBetween(TimeSpan.Zero, TimeSpan.FromHours(1)).WithMessage("is not from 0s to 1h.");
        RuleFor(s => s.MaxAnswerTime).InclusiveBetween(TimeSpan.FromSeconds(1), TimeSpan.FromHours(24)).WithMessage("is not from 1s to 24h.");
        RuleFor(s => s.FirstByteDeadline).InclusiveBetween(TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1)).WithMessage("is not from 100ms to 1h.");
        RuleFor(s => s.CacheBytes).InclusiveBetween(1L << 20, 1L << 36).WithMessage("is not from 1MiB to 64GiB.");
        RuleFor(s => s.CacheEmbeddingModel).Must(static model => model is null || model.IndexOf('/', StringComparison.Ordinal) is var slash && slash > 0 && slash < model.Length - 1)
            .WithMessage("is not provider/model.");
        RuleFor(s => s.PingInterval).InclusiveBetween(TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(10)).WithMessage("is not from 100ms to 10m.");
    }
}
