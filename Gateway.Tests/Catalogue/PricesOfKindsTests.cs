using System.Text.Json;
using Gateway.Host.Api;
using Gateway.Host.Catalogue;
using NUnit.Framework;

namespace Gateway.Tests.Catalogue;

/// <summary>Which prices a model of each kind must have, may have and may not have.</summary>
internal sealed class PricesOfKindsTests
{
    [TestCase("chat", "inputPricePer1M outputPricePer1M")]
    [TestCase("completion", "inputPricePer1M outputPricePer1M cachedInputPricePer1M cacheWritePricePer1M reasoningPricePer1M")]
    [TestCase("embedding", "inputPricePer1M")]
    [TestCase("moderation", "inputPricePer1M")]
    [TestCase("image", "pricePerImage")]
    [TestCase("image", "inputPricePer1M outputPricePer1M cachedInputPricePer1M")]
    [TestCase("image", "pricePerImage inputPricePer1M")]
    [TestCase("speech", "pricePerMillionCharacters")]
    [TestCase("speech", "inputPricePer1M outputPricePer1M")]
    [TestCase("transcription", "pricePerAudioSecond")]
    [TestCase("transcription", "inputPricePer1M outputPricePer1M")]
    public void What_a_call_uses_is_priced(string kind, string fields) => Assert.That(Mistakes(kind, fields), Is.Empty);

    [TestCase("chat", "inputPricePer1M", "OutputPricePer1M")]
    [TestCase("embedding", "", "InputPricePer1M")]
    [TestCase("moderation", "", "InputPricePer1M")]
    [TestCase("image", "inputPricePer1M", "PricePerImage")]
    [TestCase("image", "outputPricePer1M", "InputPricePer1M")]
    [TestCase("speech", "inputPricePer1M", "PricePerMillionCharacters")]
    [TestCase("speech", "outputPricePer1M", "InputPricePer1M")]
    [TestCase("transcription", "", "PricePerAudioSecond")]
    public void What_is_left_out_is_named(string kind, string fields, string mistake) => Assert.That(Mistakes(kind, fields), Is.EqualTo(new[] { mistake }));

    [TestCase("chat", "inputPricePer1M outputPricePer1M pricePerImage", "PricePerImage")]
    [TestCase("chat", "inputPricePer1M outputPricePer1M pricePerAudioSecond", "PricePerAudioSecond")]
    [TestCase("chat", "inputPricePer1M outputPricePer1M pricePerMillionCharacters", "PricePerMillionCharacters")]
    [TestCase("embedding", "inputPricePer1M outputPricePer1M", "OutputPricePer1M")]
    [TestCase("moderation", "inputPricePer1M reasoningPricePer1M", "ReasoningPricePer1M")]
    [TestCase("image", "pricePerImage cacheWritePricePer1M", "CacheWritePricePer1M")]
    [TestCase("speech", "pricePerMillionCharacters pricePerAudioSecond", "PricePerAudioSecond")]
    [TestCase("transcription", "pricePerAudioSecond pricePerMillionCharacters", "PricePerMillionCharacters")]
    [TestCase("transcription", "pricePerAudioSecond cachedInputPricePer1M", "CachedInputPricePer1M")]
    public void A_price_that_is_never_charged_is_refused(string kind, string fields, string mistake) => Assert.That(Mistakes(kind, fields), Is.EqualTo(new[] { mistake }));

    [Test]
    public void Speech_by_the_second_is_refused_with_the_reason()
    {
        var result = new PriceFieldsValidator(ModelKind.Speech).Validate(Price("pricePerMillionCharacters pricePerAudioSecond"));

        Assert.That(result.Errors.Single().ErrorMessage, Does.Contain("nothing measures the sound that is made"));
    }

    [TestCase("pricePerAudioSecond", "transcription", "1000000", true)]
    [TestCase("pricePerAudioSecond", "transcription", "1000000.000001", false)]
    [TestCase("pricePerAudioSecond", "transcription", "0.000001", true)]
    [TestCase("pricePerAudioSecond", "transcription", "0.0000001", false)]
    [TestCase("pricePerMillionCharacters", "speech", "0", true)]
    [TestCase("pricePerMillionCharacters", "speech", "-0.000001", false)]
    [TestCase("pricePerMillionCharacters", "speech", "1000000.1", false)]
    public void They_have_limits(string field, string kind, string price, bool valid) => Assert.That(
        new PriceFieldsValidator(Kind(kind)).Validate(Read($$"""{"routeType":"official","{{field}}":{{price}}}""")).IsValid, Is.EqualTo(valid));

    [TestCase("image", "inputPricePer1M outputPricePer1M", false)]
    [TestCase("speech", "inputPricePer1M outputPricePer1M", false)]
    [TestCase("transcription", "inputPricePer1M outputPricePer1M", false)]
    [TestCase("transcription", "pricePerAudioSecond", true)]
    [TestCase("image", "pricePerImage", true)]
    public void Output_that_has_a_price_needs_a_most(string kind, string fields, bool valid)
    {
        var model = new ModelFields { Provider = "openai", Model = "m", Kind = Kind(kind), Prices = [Price(fields)] };
        var validator = new ModelFieldsValidator();

        Assert.That(validator.Validate(model).IsValid, Is.EqualTo(valid));
        Assert.That(validator.Validate(model with { MaxOutputTokens = 1 }).IsValid, Is.True);
    }

    private static IEnumerable<string> Mistakes(string kind, string fields) =>
        new PriceFieldsValidator(Kind(kind)).Validate(Price(fields)).Errors.Select(static error => error.PropertyName);

    private static ModelKind Kind(string name) => Enum.Parse<ModelKind>(name, ignoreCase: true);

    private static PriceFields Price(string fields) =>
        Read($$"""{"routeType":"official"{{string.Concat(fields.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static field => $",\"{field}\":0.5"))}}}""");

    private static PriceFields Read(string json) => JsonSerializer.Deserialize<PriceFields>(json, ApiJson.Options)!;
}
