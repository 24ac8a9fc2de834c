using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text;
using Gateway.Tests.Fakes;
using NUnit.Framework;
using OpenAI;
using OpenAI.Audio;
using OpenAI.Chat;
using OpenAI.Embeddings;
using OpenAI.Responses;

// The package marks its responses client so; it is used as its users use it.
#pragma warning disable OPENAI001

namespace Gateway.Tests.EndToEnd;

/// <summary>The official OpenAI .NET SDK, unmodified: everything beyond chat, and chat with providers that speak another API.</summary>
internal sealed class OpenAiSdkEndpointTests : EndToEndFixture
{
    private static readonly ChatTool Weather = ChatTool.CreateFunctionTool("weather", "The weather.", BinaryData.FromString("""{"type":"object","properties":{"city":{"type":"string"}}}"""));

    [OneTimeSetUp]
    public async Task AddModels()
    {
        await EndpointModels.CreateAsync(Gateway, Upstream.BaseUrl);
        await AddAsync("claude", "anthropic", "/v1");
        await AddAsync("gemini", "gemini", "/v1beta");
    }

    [Test]
    public async Task The_SDK_gets_a_response()
    {
        var response = (await Sdk().GetResponsesClient().CreateResponseAsync(Model, "fake:count=3")).Value;

        Assert.That(response.GetOutputText(), Is.EqualTo("a a a"));
        Assert.That((response.Id, response.Usage.TotalTokenCount), Is.EqualTo(("resp_1", 27)));
    }

    [Test]
    public async Task The_SDK_streams_a_response()
    {
        var text = new StringBuilder();
        ResponseResult? last = null;
        await foreach (var update in await Sdk().GetResponsesClient().CreateResponseStreamingAsync(Model, "fake:count=5"))
        {
            if (update is StreamingResponseOutputTextDeltaUpdate delta)
                text.Append(delta.Delta);
            if (update is StreamingResponseCompletedUpdate completed)
                last = completed.Response;
        }

        Assert.That(text.ToString(), Is.EqualTo("a a a a a"));
        Assert.That(last!.Usage.TotalTokenCount, Is.EqualTo(29));
    }

    [Test]
    public async Task The_SDK_embeds()
    {
        var options = new EmbeddingGenerationOptions { Dimensions = 8 };
        var embeddings = (await Sdk().GetEmbeddingClient("fake/embedding").GenerateEmbeddingsAsync(["fake:", "b"], options)).Value;

        Assert.That(embeddings, Has.Count.EqualTo(2));
        Assert.That(embeddings[0].ToFloats().ToArray(), Is.EqualTo(Enumerable.Repeat(0.5f, 8)));
        Assert.That(embeddings.Usage.InputTokenCount, Is.EqualTo(24));
    }

    [Test]
    public async Task The_SDK_makes_a_picture()
    {
        var before = await PostedAsync();

        var image = (await Sdk().GetImageClient("fake/image").GenerateImageAsync("fake:mode=nousage")).Value;

        Assert.That(Convert.ToBase64String(image.ImageBytes), Is.EqualTo(FakeUpstream.Picture));
        Assert.That(await PostedAsync(), Is.EqualTo(before - 0.04m));
    }

    [Test]
    public async Task The_SDK_speaks()
    {
        var before = await PostedAsync();

        var sound = (await Sdk().GetAudioClient("fake/speech").GenerateSpeechAsync("fake: Hello.", GeneratedSpeechVoice.Alloy)).Value;

        Assert.That(sound.ToArray(), Is.EqualTo(FakeUpstream.Sound));
        Assert.That(await PostedAsync(), Is.EqualTo(before - "fake: Hello.".Length * 15m / 1_000_000));
    }

    [Test]
    public async Task The_SDK_transcribes()
    {
        using var sound = new MemoryStream(Silence(seconds: 9));
        var before = await PostedAsync();

        var transcription = (await Sdk().GetAudioClient("fake/transcription").TranscribeAudioAsync(sound, "nine.wav")).Value;

        Assert.That(transcription.Text, Is.EqualTo("a a a"));
        Assert.That(await PostedAsync(), Is.EqualTo(before - 0.0009m));
    }

    [Test]
    public async Task The_SDK_moderates() => Assert.That((await Sdk().GetModerationClient("fake/moderation").ClassifyTextAsync("fake:")).Value.Flagged, Is.False);

    [Test]
    public async Task The_SDK_chats_with_a_provider_of_another_API([Values("fake/claude", "fake/gemini")] string model)
    {
        var completion = (await Sdk().GetChatClient(model).CompleteChatAsync("fake:count=3")).Value;

        Assert.That(completion.Content[0].Text, Is.EqualTo("a a a"));
        Assert.That(completion.FinishReason, Is.EqualTo(ChatFinishReason.Stop));
        Assert.That((completion.Usage.InputTokenCount, completion.Usage.OutputTokenCount), Is.EqualTo((24, 3)));
    }

    [Test]
    public async Task The_SDK_streams_from_a_provider_of_another_API([Values("fake/claude", "fake/gemini")] string model)
    {
        var text = new StringBuilder();
        ChatTokenUsage? usage = null;
        await foreach (var update in Sdk().GetChatClient(model).CompleteChatStreamingAsync("fake:count=5"))
        {
            foreach (var part in update.ContentUpdate)
                text.Append(part.Text);
            usage = update.Usage ?? usage;
        }

        Assert.That(text.ToString(), Is.EqualTo("a a a a a"));
        Assert.That(usage!.TotalTokenCount, Is.EqualTo(29));
    }

    [Test]
    public async Task The_SDK_gets_tool_calls_of_a_provider_of_another_API([Values("fake/claude", "fake/gemini")] string model)
    {
        var completion = (await Sdk().GetChatClient(model).CompleteChatAsync([new UserChatMessage("fake:mode=tools")], new ChatCompletionOptions { Tools = { Weather } })).Value;

        Assert.That(completion.FinishReason, Is.EqualTo(ChatFinishReason.ToolCalls));
        Assert.That(completion.ToolCalls[0].FunctionArguments.ToString().Replace(" ", "", StringComparison.Ordinal), Is.EqualTo("""{"city":"Paris"}"""));
    }

    private OpenAIClient Sdk() =>
        new(new ApiKeyCredential(Key), new OpenAIClientOptions { Endpoint = new Uri(BaseUrl), RetryPolicy = new ClientRetryPolicy(0) });

    private async Task AddAsync(string model, string preset, string path)
    {
        await Gateway.CreateModelAsync(model, "official");
        await Gateway.CreateChannelAsync(new Uri(new Uri(Upstream.BaseUrl), path).ToString(), "official", model, model, $",\"preset\":\"{preset}\"");
    }

    // A WAV of 8,000 samples a second, one byte each: http://soundfile.sapp.org/doc/WaveFormat.
    private static byte[] Silence(int seconds)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        var length = 8000 * seconds;
        writer.Write("RIFF"u8);
        writer.Write(36 + length);
        writer.Write("WAVEfmt "u8);
        writer.Write(16);
        writer.Write((short)1);
        writer.Write((short)1);
        writer.Write(8000);
        writer.Write(8000);
        writer.Write((short)1);
        writer.Write((short)8);
        writer.Write("data"u8);
        writer.Write(length);
        writer.Write(new byte[length]);
        return stream.ToArray();
    }
}
