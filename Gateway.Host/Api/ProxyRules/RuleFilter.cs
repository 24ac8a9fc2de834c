using Gateway.Host.ProxyRules;

namespace Gateway.Host.Api.ProxyRules;

/// <summary>The <c>type</c> and <c>tag</c> of a list of rules.</summary>
/// <param name="Type">Rules of this type; <c>null</c>: of any.</param>
/// <param name="Tag">Rules with this tag; <c>null</c>: with any, or none.</param>
internal sealed record RuleFilter(string? Type, string? Tag)
{
    /// <summary>Whether every rule passes.</summary>
    public bool IsOpen => Type is null && Tag is null;

    /// <exception cref="ApiRefusal">No such type, or no tag.</exception>
    public static RuleFilter Read(IQueryCollection query, RuleTypes types)
    {
        var (type, tag) = (query["type"].ToString(), query["tag"].ToString());
        if (type.Length > 0 && types.Find(type) is null)
            throw new ApiRefusal(Problem.Invalid("type", $"must be one of {string.Join(", ", types.All.Select(static known => known.Name))}."));
        if (tag.Length > 0 && !NameShapes.Tag(tag))
            throw new ApiRefusal(Problem.Invalid("tag", NameShapes.TagMessage));
        return new RuleFilter(type.Length > 0 ? type : null, tag.Length > 0 ? tag : null);
    }

    /// <summary>Whether the rule passes; tags inside a configuration do not count.</summary>
    public bool Matches(RuleFields fields) =>
        (Type is null || string.Equals(fields.Type, Type, StringComparison.Ordinal)) && (Tag is null || string.Equals(fields.Tag, Tag, StringComparison.Ordinal));
}
