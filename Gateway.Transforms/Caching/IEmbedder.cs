namespace Gateway.Transforms.Caching;

/// <summary>Turns a text into a vector whose direction is its meaning.</summary>
public interface IEmbedder
{
    /// <summary>The model, which vectors are comparable within: <c>provider/model</c>.</summary>
    string Model { get; }

    /// <summary>Embeds a text; <c>null</c> if that fails or takes too long, and then words alone decide.</summary>
    ValueTask<float[]?> EmbedAsync(string text, CancellationToken cancellationToken);
}
