using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text;
using NUnit.Framework;
using OpenAI;
using OpenAI.Chat;

namespace Gateway.Tests.EndToEnd;

/// <summary>The official OpenAI .NET SDK, unmodified.</summary>
internal sealed class OpenAiSdkTests : EndToEndFixture
{
    private static readonly ChatTool Weather = ChatTool.CreateFunctionTool("weather", "The weather.", BinaryData.FromString("""{"type":"object","properties":{"city":{"type":"string"}}}"""));

    [Test]
    public async Task The_SDK_completes_a_chat()
    {
        var completion = (await Chat().CompleteChatAsync("fake:count=3")).Value;

        Assert.That(completion.Content[0].Text, Is.EqualTo("a a a"));
        Assert.That(completion.FinishReason, Is.EqualTo(ChatFinishReason.Stop));
        Assert.That((completion.Usage.InputTokenCount, completion.Usage.OutputTokenCount), Is.EqualTo((24, 3)));
    }

    [Test]
    public async Task The_SDK_streams_a_chat_and_reads_its_usage()
    {
        var text = new StringBuilder();
        ChatTokenUsage? usage = null;
        await foreach (var update in Chat().CompleteChatStreamingAsync("fake:count=5"))
        {
            foreach (var part in update.ContentUpdate)
                text.Append(part.Text);
            usage = update.Usage ?? usage;
        }

        Assert.That(text.ToString(), Is.EqualTo("a a a a a"));
        Assert.That(usage!.TotalTokenCount, Is.EqualTo(29));
    }

    [Test]
    public async Task The_SDK_gets_tool_calls()
    {
        var completion = (await Chat().CompleteChatAsync([new UserChatMessage("fake:mode=tools")], new ChatCompletionOptions { Tools = { Weather } })).Value;

        Assert.That(completion.FinishReason, Is.EqualTo(ChatFinishReason.ToolCalls));
        Assert.That(completion.ToolCalls[0].FunctionName, Is.EqualTo("weather"));
        Assert.That(completion.ToolCalls[0].FunctionArguments.ToString(), Is.EqualTo("""{"city":"Paris"}"""));
    }

    [Test]
    public async Task The_SDK_gets_streamed_tool_calls()
    {
        var arguments = new StringBuilder();
        ChatFinishReason? finish = null;
        await foreach (var update in Chat().CompleteChatStreamingAsync([new UserChatMessage("fake:mode=tools")], new ChatCompletionOptions { Tools = { Weather } }))
        {
            foreach (var call in update.ToolCallUpdates)
                arguments.Append(call.FunctionArgumentsUpdate?.ToString());
            finish = update.FinishReason ?? finish;
        }

        Assert.That(arguments.ToString(), Is.EqualTo("""{"city":"Paris"}"""));
        Assert.That(finish, Is.EqualTo(ChatFinishReason.ToolCalls));
    }

    [TestCase("fake:status=500", 502, "upstream_error")]
    [TestCase("fake:status=429", 429, "upstream_rate_limited")]
    [TestCase("fake:status=400", 400, "invalid_function_parameters")]
    public async Task The_SDK_surfaces_errors_with_their_code(string script, int status, string code)
    {
        var error = await Assert.ThrowsAsync<ClientResultException>(async () => await Chat().CompleteChatAsync(script));

        Assert.That(error!.Status, Is.EqualTo(status));
        Assert.That(error.Message, Does.Contain(code));
    }

    [Test]
    public async Task The_SDK_learns_of_an_unknown_model()
    {
        var error = await Assert.ThrowsAsync<ClientResultException>(async () => await Chat(model: "fake/none").CompleteChatAsync("hi"));

        Assert.That((error!.Status, error.Message.Contains("unknown_model", StringComparison.Ordinal)), Is.EqualTo((400, true)));
    }

    [Test]
    public async Task The_SDK_learns_of_an_invalid_key()
    {
        var error = await Assert.ThrowsAsync<ClientResultException>(async () => await Chat(key: "tw_wrong").CompleteChatAsync("hi"));

        Assert.That((error!.Status, error.Message.Contains("invalid_api_key", StringComparison.Ordinal)), Is.EqualTo((401, true)));
    }

    [Test]
    public async Task The_SDK_lists_the_models()
    {
        var models = (await Sdk(Key).GetOpenAIModelClient().GetModelsAsync()).Value;

        Assert.That(models.Select(static model => model.Id), Does.Contain(Model));
    }

    [Test]
    public async Task The_SDK_retries_a_provider_that_is_rate_limited_after_the_seconds_it_names()
    {
        // A channel of its own: it is left alone for a second.
        await Gateway.CreateModelAsync("hurried", "official");
        await Gateway.CreateChannelAsync(Upstream.BaseUrl, "official", "hurried", "hurried");
        var options = new OpenAIClientOptions { Endpoint = new Uri(BaseUrl), RetryPolicy = new ClientRetryPolicy(1) };
        var startedAt = TimeProvider.System.GetTimestamp();

        await Assert.ThrowsAsync<ClientResultException>(
            async () => await new OpenAIClient(new ApiKeyCredential(Key), options).GetChatClient("fake/hurried").CompleteChatAsync("fake:status=429;retry=1"));

        Assert.That(TimeProvider.System.GetElapsedTime(startedAt), Is.GreaterThan(TimeSpan.FromMilliseconds(900)));
    }

    [Test]
    public async Task The_SDK_repeats_a_call_under_its_idempotency_key_for_nothing()
    {
        var before = await PostedAsync();
        var (id, body) = Request("count=3");
        var options = new RequestOptions();
        options.AddHeader("Idempotency-Key", "sdk-once");

        var first = await Chat().CompleteChatAsync(BinaryContent.Create(BinaryData.FromString(body)), options);
        var again = await Chat().CompleteChatAsync(BinaryContent.Create(BinaryData.FromString(body)), options);

        Assert.That(again.GetRawResponse().Content.ToString(), Is.EqualTo(first.GetRawResponse().Content.ToString()));
        Assert.That(Upstream.Calls[id].Times, Is.EqualTo(1));
        Assert.That(await PostedAsync(), Is.EqualTo(before - 0.000042m));
    }

    private ChatClient Chat(string model = Model, string? key = null) => Sdk(key ?? Key).GetChatClient(model);

    private OpenAIClient Sdk(string key) =>
        new(new ApiKeyCredential(key), new OpenAIClientOptions { Endpoint = new Uri(BaseUrl), RetryPolicy = new ClientRetryPolicy(0) });
}
