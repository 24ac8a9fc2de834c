namespace Gateway.Host.Settings;

/// <summary>A configuration mistake: stops the start with one line that names the setting.</summary>
internal sealed class SettingException : Exception
{
    /// <summary>Makes the line <c>Setting: message</c>.</summary>
    public SettingException(string setting, string message)
        : base($"{setting}: {OneLine(message)}") => Setting = setting;

    /// <summary>The setting in its environment form, for example <c>Gateway__Durability</c>.</summary>
    public string Setting { get; }

    private static string OneLine(string message) => message.ReplaceLineEndings(" ");
}
