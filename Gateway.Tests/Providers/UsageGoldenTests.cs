using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Gateway.Host.Api;
using Gateway.Host.Catalogue;
using Gateway.Ledger;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Providers;
using Gateway.Transforms.Providers.Anthropic;
using Gateway.Transforms.Providers.Gemini;
using NUnit.Framework;

namespace Gateway.Tests.Providers;

/// <summary>
/// <c>Fixtures/usage-golden.json</c>: for each provider how it reports usage (where that is documented stands in the row), the tokens that the gateway
/// must read, and what they cost at a price: worked out by hand in the row, to the nano-credit.
/// </summary>
internal sealed class UsageGoldenTests
{
    private static readonly JsonSerializerOptions Options = new(ApiJson.Options) { Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) } };

    private static IEnumerable<TestCaseData> Rows()
    {
        using var file = typeof(UsageGoldenTests).Assembly.GetManifestResourceStream("Fixtures/usage-golden.json")!;
        foreach (var row in JsonSerializer.Deserialize<List<GoldenRow>>(file, Options)!)
            yield return new TestCaseData(row).SetName($"{row.Provider}, {row.Api}: {row.Case}");
    }

    private static IEnumerable<TestCaseData> PlainRows() => Rows().Where(static row => ((GoldenRow)row.Arguments[0]!).Answer is not null);

    private static IEnumerable<TestCaseData> StreamedRows() => Rows().Where(static row => ((GoldenRow)row.Arguments[0]!).Events is not null);

    [TestCaseSource(nameof(PlainRows))]
    public void A_plain_answer_reports_these_tokens(GoldenRow row)
    {
        var reader = new AnswerReader(row.Format);

        Assert.That(reader.TryRead(row.Translate(Encoding.UTF8.GetBytes(row.Answer!.ToJsonString()))), Is.True);

        Assert.That(reader.Tokens, Is.EqualTo(row.Tokens));
        Assert.That(reader.Tokens.IsSound, Is.True);
        Assert.That((reader.Facts.Images, reader.Facts.AudioMilliseconds ?? 0), Is.EqualTo((row.Measured.Images, row.Measured.AudioMilliseconds)));
    }

    [TestCaseSource(nameof(StreamedRows))]
    public void A_stream_reports_these_tokens(GoldenRow row)
    {
        var (tokens, images) = row.ReadStream();

        Assert.That(tokens, Is.EqualTo(row.Tokens));
        Assert.That(images, Is.EqualTo(row.Measured.Images));
    }

    [TestCaseSource(nameof(Rows))]
    public void The_tokens_cost_this_to_the_nano_credit(GoldenRow row)
    {
        var (tokens, measured) = (row.Tokens, row.Measured);
        var usage = new Usage(
            tokens.Input, tokens.CachedInput, tokens.CacheWrite, tokens.Output, tokens.Reasoning, measured.Images, measured.AudioMilliseconds, measured.Characters);

        var cost = (row.Price with { RouteType = RouteType.Official }).ToModelPrice().Price.Cost(usage);

        Assert.That(cost.Nano, Is.EqualTo(row.CostNano), row.Worked);
    }

    [Test]
    public void Every_provider_with_a_preset_has_a_row_and_every_row_says_where_its_form_is_documented()
    {
        var rows = Rows().Select(static row => (GoldenRow)row.Arguments[0]!).ToList();

        Assert.That(rows.Select(static row => row.Provider).Distinct(), Is.EquivalentTo(ProviderPresets.All.Select(static preset => preset.Name).Except(["openai-compatible", "demo"])));
        Assert.That(rows.Select(static row => row.Source), Has.All.StartsWith("https://"));
        Assert.That(rows.Select(static row => (row.Provider, row.Api, row.Case)), Is.Unique);
    }
}

/// <summary>One row of the table.</summary>
/// <param name="Provider">Who reports.</param>
/// <param name="Api">The API that it is read as: chat, completions, responses, messages, embeddings, images, speech or transcriptions.</param>
/// <param name="Case">What is special.</param>
/// <param name="Source">Where the provider documents it.</param>
/// <param name="Via">The API that the upstream speaks if another is read: anthropic or gemini.</param>
/// <param name="Answer">The plain answer.</param>
/// <param name="Events">The events of the same answer as a stream.</param>
/// <param name="Tokens">What is read.</param>
/// <param name="Measured">What is charged beside the tokens.</param>
/// <param name="Price">As over REST.</param>
/// <param name="Worked">The sum.</param>
/// <param name="CostNano">Its result. Unit: nano-credits.</param>
internal sealed record GoldenRow(
    string Provider, string Api, string Case, string Source, string? Via, JsonNode? Answer, IReadOnlyList<GoldenEvent>? Events,
    UsageTokens Tokens, GoldenMeasures Measured, PriceFields Price, string Worked, long CostNano)
{
    [JsonIgnore]
    public AnswerFormat Format => Api switch
    {
        "chat" or "completions" => AnswerFormat.Chat,
        "responses" => AnswerFormat.Responses,
        "messages" => AnswerFormat.Messages,
        "embeddings" => AnswerFormat.Embedding,
        "images" => AnswerFormat.Image,
        "transcriptions" => AnswerFormat.Transcription,
        _ => throw new InvalidOperationException(Api),
    };

    private ApiTranslation? Translation => Via switch
    {
        "anthropic" => new ChatOverMessages(),
        "gemini" => new ChatOverGemini(),
        _ => null,
    };

    /// <summary>The answer in the form that is read.</summary>
    public byte[] Translate(byte[] answer) => Translation is { } translation ? Encoding.UTF8.GetBytes(Translated.Answer(translation, answer)!) : answer;

    /// <summary>The usage of the stream, put together as the relay does it.</summary>
    public (UsageTokens? Tokens, int Images) ReadStream()
    {
        var text = string.Concat(Events!.Select(static e => $"{(e.Event is null ? "" : $"event: {e.Event}\n")}data: {e.Data.ToJsonString()}\n\n"));
        var bytes = Encoding.UTF8.GetBytes(Translation is { } translation ? Translated.Stream(translation, Encoding.UTF8.GetBytes(text), [])! : text);
        using var scanner = new StreamScanner(format: Format);
        scanner.Feed(bytes);
        scanner.Complete();
        (UsageTokens? Reported, int Images) seen = (null, 0);
        while (scanner.TryNext(out var next))
        {
            ref readonly var facts = ref next.Facts;
            seen.Images += facts.Images;
            if (facts.HasUsage && !facts.UsageIsEmpty)
                seen.Reported = facts.TokensAreOutputOnly && seen.Reported is { } earlier ? earlier with { Output = facts.Tokens.Output } : facts.Tokens;
        }

        return seen;
    }

    public override string ToString() => Case;
}

/// <summary>An event of a stream.</summary>
internal sealed record GoldenEvent(string? Event, JsonNode Data);

/// <summary>What is charged beside tokens.</summary>
internal readonly record struct GoldenMeasures(int Images, long AudioMilliseconds, long Characters);
