namespace Gateway.Ledger.Front.Redis;

/// <summary>A Redis that must not be a front, or a connection string that is none. The message is one line that begins with the setting and shows no password.</summary>
public sealed class FrontSettingException(string reason) : Exception($"ConnectionStrings__Redis: {reason}");
