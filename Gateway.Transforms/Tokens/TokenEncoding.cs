namespace Gateway.Transforms.Tokens;

/// <summary>A byte pair encoding that OpenAI publishes.</summary>
/// <remarks>Source: https://github.com/openai/tiktoken/blob/main/tiktoken_ext/openai_public.py</remarks>
public enum TokenEncoding
{
    /// <summary>o200k_base: GPT-4o and everything newer.</summary>
    O200k,

    /// <summary>cl100k_base: GPT-4, GPT-3.5 and the embedding models.</summary>
    Cl100k,
}
