using System.Text.Json;

namespace Gateway.Host.Api;

/// <summary>Names the field that a problem is about as the client wrote it: <c>prices[0].routeType</c>.</summary>
internal static class JsonField
{
    /// <summary>The field of a reader's complaint; empty: the body as a whole.</summary>
    public static string Of(JsonException exception)
    {
        var path = exception.Path ?? "";
        return path.StartsWith("$.", StringComparison.Ordinal) ? path[2..] : path.TrimStart('$');
    }

    /// <summary>What is wrong, without the reader's internals and without the value, which may be a secret.</summary>
    public static string Message(JsonException exception)
    {
        if (exception.Message.Contains("could not be mapped", StringComparison.Ordinal))
            return "is not a known field.";
        if (exception.Message.Contains("uplicate", StringComparison.Ordinal))
            return "is given twice.";
        return exception.Path is null ? "The body is not valid JSON." : "is not of the expected type, or not one of the known values.";
    }

    /// <summary>From a property path to the field's: <c>Prices[0].RouteType</c> to <c>prices[0].routeType</c>.</summary>
    public static string CamelCase(string propertyPath) =>
        string.Join('.', propertyPath.Split('.').Select(static part => JsonNamingPolicy.CamelCase.ConvertName(part)));
}
