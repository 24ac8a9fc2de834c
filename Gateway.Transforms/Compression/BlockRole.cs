namespace Gateway.Transforms.Compression;

/// <summary>Who wrote a block. The texts of users and of the model are not compressed and have no role here.</summary>
public enum BlockRole
{
    /// <summary>Instructions: a <c>system</c> or <c>developer</c> message. Only words are touched, and no digit, URL or negation is lost.</summary>
    System,

    /// <summary>What a tool or function returned.</summary>
    Tool,
}
