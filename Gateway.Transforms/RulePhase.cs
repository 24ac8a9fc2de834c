namespace Gateway.Transforms;

/// <summary>When the rules of a type run; phases come one after the other.</summary>
public enum RulePhase
{
    /// <summary>Before the model is resolved: may change which one is asked for.</summary>
    Model,

    /// <summary>After it: may change the body.</summary>
    Body,

    /// <summary>After the body has its last form: may answer the request.</summary>
    Answer,

    /// <summary>Says where else the request may go.</summary>
    Attempts,
}
