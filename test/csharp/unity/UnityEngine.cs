// Stand-ins for what docs/clients/unity.md uses of Unity, so that its code can be compiled here.
namespace UnityEngine
{
  public class Object
  {
    public static void DontDestroyOnLoad(Object target)
    {
    }
  }

  public class GameObject : Object
  {
  }

  public class MonoBehaviour : Object
  {
    public GameObject gameObject => null;
  }

  public static class PlayerPrefs
  {
    public static bool HasKey(string key) => false;

    public static string GetString(string key) => key;

    public static void SetString(string key, string value)
    {
    }
  }

  public static class Debug
  {
    public static void Log(object message)
    {
    }

    public static void LogError(object message)
    {
    }
  }
}
