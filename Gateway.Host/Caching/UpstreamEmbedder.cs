using System.Buffers;
using System.Text.Json;
using Gateway.Host.Catalogue;
using Gateway.Transforms;
using Gateway.Transforms.Caching;

namespace Gateway.Host.Caching;

/// <summary>Embeds questions by a model of the catalogue, through the first enabled channel of all tenants that serves it: one call for each miss in mode <c>semantic</c>.</summary>
/// <remarks>These calls are the operator's own cost: they are not metered, and no tenant's balance pays for them.</remarks>
/// <param name="model">As <c>Gateway__CacheEmbeddingModel</c> names it: <c>provider/model</c>.</param>
/// <param name="catalogue">The catalogue in force.</param>
/// <param name="http">Calls them.</param>
/// <param name="log">Hears of failures.</param>
internal sealed partial class UpstreamEmbedder(string model, Func<CatalogueSnapshot> catalogue, ChannelHttp http, ILogger<UpstreamEmbedder> log) : IEmbedder
{
    // 4,096 dimensions in digits are below 100 KB.
    private const int MaxAnswerBytes = 256 * 1024;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(2);

    private int isFailing;

    /// <inheritdoc/>
    public string Model => model;

    /// <inheritdoc/>
    public async ValueTask<float[]?> EmbedAsync(string text, CancellationToken cancellationToken)
    {
        if (Find() is not { } found)
            return Failed("no enabled channel of all workspaces serves it");

        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Deadline);
        try
        {
            if (ChannelCall.TryMake(found.Channel, found.UpstreamModel, CallKind.Embedding, Body(found.UpstreamModel, text), defaultOutputLimit: 0) is not { } call)
                return Failed("its provider has no embeddings");
            using var request = call.Request;
            using var response = await http.For(found.Channel).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, deadline.Token);
            if (!response.IsSuccessStatusCode)
                return Failed($"status {(int)response.StatusCode}");
            await response.Content.LoadIntoBufferAsync(MaxAnswerBytes, deadline.Token);
            if (call.Read(await response.Content.ReadAsByteArrayAsync(deadline.Token)) is not { } answer || Read(answer) is not { } vector)
                return Failed("no embedding in its answer");

            Volatile.Write(ref isFailing, 0);
            return vector;
        }
        catch (Exception exception) when (exception is HttpRequestException or JsonException or IOException)
        {
            return Failed(exception.GetType().Name);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Failed("too slow");
        }
    }

    private static ReadOnlyMemory<byte> Body(string upstreamModel, string text)
    {
        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("model", upstreamModel);
            json.WriteString("input", text);
            json.WriteString("encoding_format", "float");
            json.WriteEndObject();
        }

        return body.WrittenMemory;
    }

    // {"data":[{"embedding":[…]}]}
    private static float[]? Read(byte[] answer)
    {
        using var json = JsonDocument.Parse(answer);
        if (json.RootElement.ValueKind is not JsonValueKind.Object || !json.RootElement.TryGetProperty("data", out var data)
            || data.ValueKind is not JsonValueKind.Array || data.GetArrayLength() == 0 || data[0].ValueKind is not JsonValueKind.Object
            || !data[0].TryGetProperty("embedding", out var embedding) || embedding.ValueKind is not JsonValueKind.Array)
        {
            return null;
        }

        var vector = new float[embedding.GetArrayLength()];
        for (var i = 0; i < vector.Length; i++)
        {
            if (embedding[i].ValueKind is not JsonValueKind.Number || !embedding[i].TryGetSingle(out vector[i]))
                return null;
        }

        return vector;
    }

    // Said once until it works again.
    private float[]? Failed(string cause)
    {
        if (Interlocked.Exchange(ref isFailing, 1) == 0)
            LogFailed(model, cause);
        return null;
    }

    private (Channel Channel, string UpstreamModel)? Find()
    {
        var slash = model.IndexOf('/', StringComparison.Ordinal);
        if (slash <= 0)
            return null;

        foreach (var channel in catalogue().Channels.OrderBy(static channel => channel.Priority))
        {
            if (!channel.Enabled || channel.Workspace is not null || !string.Equals(channel.Provider, model[..slash], StringComparison.Ordinal))
                continue;
            foreach (var served in channel.Models)
            {
                if (string.Equals(served.Model, model[(slash + 1)..], StringComparison.Ordinal))
                    return (channel, served.UpstreamModel ?? served.Model);
            }
        }

        return null;
    }

    [LoggerMessage(61, LogLevel.Warning, "Gateway__CacheEmbeddingModel: {Model} does not embed ({Cause}); the cache finds near duplicates only.")]
    private partial void LogFailed(string model, string cause);
}
