using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Host.Catalogue;
using Gateway.Host.Keys;
using Gateway.Host.Routing;
using Gateway.Host.Secrets;
using Gateway.Ledger.Book;

namespace Gateway.Host.Api.Channels;

/// <summary><c>/api/channels</c>, the operator's. The upstream credential goes in and never comes out.</summary>
internal sealed class ChannelEndpoints(ResourceWriter writer, CatalogueSource catalogue, SecretBox secrets, ChannelTest test, ChannelHealth health, TimeProvider time)
{
    private const string Kind = ChannelDocument.ResourceKind;
    private static readonly ChannelFieldsValidator Validator = new();

    public static void Map(RouteGroupBuilder api)
    {
        var only = new ScopeMetadata(ScopeMetadata.Operator);
        api.MapPost("/channels", static (HttpContext http, ChannelEndpoints channels) => channels.CreateAsync(http)).WithMetadata(only);
        api.MapGet("/channels", static (HttpContext http, ChannelEndpoints channels) => channels.ListAsync(http)).WithMetadata(only);
        api.MapGet("/channels/{id}", static (HttpContext http, string id, ChannelEndpoints channels) => channels.GetAsync(http, id)).WithMetadata(only);
        api.MapPatch("/channels/{id}", static (HttpContext http, string id, ChannelEndpoints channels) => channels.PatchAsync(http, id)).WithMetadata(only);
        api.MapDelete("/channels/{id}", static (HttpContext http, string id, ChannelEndpoints channels) => channels.DeleteAsync(http, id)).WithMetadata(only);
        api.MapPost("/channels/{id}/test", static (HttpContext http, string id, ChannelEndpoints channels) => channels.TestAsync(http, id)).WithMetadata(only);
    }

    private async Task<IResult> CreateAsync(HttpContext http)
    {
        var request = await ApiRequest.ReadAsync(http);
        var fields = request.Read<ChannelFields>();
        ApiRequest.Check(Validator, fields);
        var id = $"ch_{Guid.CreateVersion7(time.GetUtcNow()):N}";
        var document = new ChannelDocument(fields with { ApiKey = null }, fields.ApiKey is { } apiKey ? secrets.Seal(apiKey, id) : null);
        var written = await writer.CreateAsync(Kind, id, fields.Workspace ?? KeySnapshot.AllWorkspaces, lookup: null, document.ToBytes(), request.By);
        await catalogue.ReloadAsync(CancellationToken.None);
        return ResourceWriter.Answer(http, Describe(written.Resource), 201, written.Replayed);
    }

    private Task<IResult> ListAsync(HttpContext http) => Listing.AnswerAsync(
        http, writer, Kind, [.. catalogue.Current.Channels.Where(static channel => channel.Source == Source.Configuration).Select(DescribeConfigured)], Describe);

    private async Task<IResult> GetAsync(HttpContext http, string id)
    {
        if (Configured(id) is { } configured)
            return ResourceWriter.Answer(http, DescribeConfigured(configured));
        return await writer.FindAsync(Kind, id, workspace: null, http.RequestAborted) is { } channel
            ? ResourceWriter.Answer(http, Describe(channel))
            : Problem.NotFound();
    }

    private async Task<IResult> PatchAsync(HttpContext http, string id)
    {
        if (Configured(id) is not null)
            return Problem.ReadOnly();
        var request = await ApiRequest.ReadAsync(http);
        var written = await writer.UpdateAsync(Kind, id, workspace: null, request, channel => Merge(channel, request));
        await catalogue.ReloadAsync(CancellationToken.None);
        return ResourceWriter.Answer(http, Describe(written.Resource), replayed: written.Replayed);
    }

    private async Task<IResult> DeleteAsync(HttpContext http, string id)
    {
        if (Configured(id) is not null)
            return Problem.ReadOnly();
        await writer.DeleteAsync(Kind, id, workspace: null, await ApiRequest.ReadAsync(http));
        await catalogue.ReloadAsync(CancellationToken.None);
        return Results.NoContent();
    }

    private async Task<IResult> TestAsync(HttpContext http, string id)
    {
        var channel = Configured(id)
            ?? (await writer.FindAsync(Kind, id, workspace: null, http.RequestAborted) is { } stored ? ChannelDocument.ToChannel(stored, secrets) : null);
        return channel is null ? Problem.NotFound() : Results.Json(await test.RunAsync(channel, http.RequestAborted), ApiJson.Options);
    }

    private Resource Merge(Resource channel, ApiRequest request)
    {
        var document = ChannelDocument.Read(channel.Body);
        var (fields, named) = request.Merge(document.Fields);
        ApiRequest.Check(Validator, fields);
        if (!string.Equals(fields.Workspace, document.Fields.Workspace, StringComparison.Ordinal))
            throw new ApiRefusal(Problem.Invalid("workspace", "cannot be changed: make another channel."));

        // A credential stays with the addresses that it was given for: else whoever may edit could send it anywhere.
        var moved = !fields.AllBaseUrls().SequenceEqual(document.Fields.AllBaseUrls(), StringComparer.Ordinal);
        var kept = moved || named.Contains("apiKey") ? null : document.SealedApiKey;
        var sealedKey = fields.ApiKey is { } apiKey ? secrets.Seal(apiKey, channel.Id) : kept;
        return channel with { Body = new ChannelDocument(fields with { ApiKey = null }, sealedKey).ToBytes() };
    }

    private Channel? Configured(string id) => catalogue.Current.FindChannel(id) is { Source: Source.Configuration } channel ? channel : null;

    private JsonObject Describe(Resource channel)
    {
        var document = ChannelDocument.Read(channel.Body);
        var description = ResourceWriter.Describe(document.Fields, channel);
        description["hasApiKey"] = document.SealedApiKey is not null;
        description["health"] = HealthOf(document.Fields.ToChannel(channel.Id, Source.Rest));
        return description;
    }

    private JsonObject DescribeConfigured(Channel channel)
    {
        var description = ResourceWriter.Describe(channel.Declared, Listing.Configured(Kind, channel.Id), "configuration");
        description["hasApiKey"] = channel.ApiKey is not null;
        description["health"] = HealthOf(channel);
        return description;
    }

    private JsonArray HealthOf(Channel channel) =>
        [.. health.StatesOf(channel).Select(static state => JsonSerializer.SerializeToNode(new ChannelHealthAnswer(state.Model, state.Phase, state.OpenUntil), ApiJson.Options))];
}

/// <summary>Whether calls for one upstream model go to a channel.</summary>
/// <param name="Model">The name that goes upstream.</param>
/// <param name="State"><c>closed</c>: they do; <c>open</c>: they do not; <c>half_open</c>: one may, to find out.</param>
/// <param name="OpenUntil">When one may try; absent: it is closed.</param>
internal sealed record ChannelHealthAnswer(string Model, CircuitPhase State, DateTimeOffset? OpenUntil);
