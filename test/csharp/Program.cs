// What the tests of the client for C# run: vectors FOLDER | faults ... | steps | idle PORT | fuzz COUNT SEED
internal static class Program
{
  private static int Main(string[] args)
  {
    switch (args[0])
    {
      case "vectors": return Vectors.Run(args[1]);
      case "faults": return Faults.Run(args);
      case "steps": return Steps.Run();
      case "idle": return Idle.Run(args);
      default: return Fuzz.Run(args);
    }
  }
}
