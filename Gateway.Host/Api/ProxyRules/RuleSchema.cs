using System.Text.Json.Nodes;
using Gateway.Host.ProxyRules;
using Gateway.Transforms;

namespace Gateway.Host.Api.ProxyRules;

/// <summary>The JSON Schema (2020-12) of what <c>POST /api/proxy-rules</c> takes: one branch for each type. It may stand in an OpenAPI 3.1 document as it is.</summary>
internal static class RuleSchema
{
    public static JsonObject Of(RuleTypes types) => new()
    {
        ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
        ["title"] = "ProxyRule",
        ["oneOf"] = new JsonArray([.. types.All.Select(Branch)]),
    };

    private static JsonObject Branch(IRuleType type) => new()
    {
        ["type"] = "object",
        ["title"] = type.Name,
        ["description"] = type.Summary,
        ["properties"] = new JsonObject
        {
            ["type"] = new JsonObject { ["const"] = type.Name },
            ["name"] = new JsonObject { ["type"] = "string", ["minLength"] = 1, ["maxLength"] = RuleFieldsValidator.MostNameCharacters },
            ["tag"] = new JsonObject { ["type"] = new JsonArray("string", "null"), ["pattern"] = "^[A-Za-z0-9_.:-]{1,64}$", ["description"] = "The rule is for requests with this tag; without one, for all." },
            ["enabled"] = new JsonObject { ["type"] = new JsonArray("boolean", "null"), ["default"] = true },
            ["priority"] = new JsonObject
            {
                ["type"] = new JsonArray("integer", "null"),
                ["minimum"] = 0,
                ["maximum"] = RuleFieldsValidator.MostPriority,
                ["default"] = 0,
                ["description"] = "Lower runs first within the type; among equals the older.",
            },
            ["config"] = type.Schema(),
        },
        ["required"] = new JsonArray("type", "name", "config"),
        ["additionalProperties"] = false,
    };
}
