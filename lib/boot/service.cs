using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.ServiceProcess;
using System.Threading;

/// <summary>
/// Runs one program as a Windows service and starts it again 1 s after it ended. `service.exe NAME` reads NAME.run beside
/// it: `program=`, `arguments=`, `fresh=` (a directory that must not outlive the machine's memory) and `env.X=`, a line each.
/// </summary>
public class OnedoorService : ServiceBase
{
    private readonly Dictionary<string, string> settings = new Dictionary<string, string>();
    private readonly object guard = new object();
    private readonly string log;
    private Process child;
    private bool stopping;

    public OnedoorService(string name)
    {
        ServiceName = name;
        string folder = AppDomain.CurrentDomain.BaseDirectory;
        foreach (string line in File.ReadAllLines(Path.Combine(folder, name + ".run")))
        {
            int at = line.IndexOf('=');
            if (at > 0) settings[line.Substring(0, at)] = line.Substring(at + 1);
        }
        log = Path.Combine(settings["logs"], name + ".log");
    }

    public static void Main(string[] arguments)
    {
        Run(new OnedoorService(arguments[0]));
    }

    protected override void OnStart(string[] arguments)
    {
        ClearAfterBoot();
        new Thread(Keep) { IsBackground = true }.Start();
    }

    protected override void OnStop()
    {
        lock (guard)
        {
            stopping = true;
            EndTree();
        }
    }

    /// <summary>What was written before this machine started says nothing about the games that run now.</summary>
    private void ClearAfterBoot()
    {
        string folder;
        if (!settings.TryGetValue("fresh", out folder)) return;
        double seconds = Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency;
        foreach (string file in Directory.GetFiles(folder))
        {
            if (File.GetLastWriteTimeUtc(file) < DateTime.UtcNow.AddSeconds(-seconds)) File.Delete(file);
        }
    }

    private void Keep()
    {
        while (true)
        {
            try
            {
                lock (guard)
                {
                    if (stopping) return;
                    child = Process.Start(StartInfo());
                }
                child.OutputDataReceived += Write;
                child.ErrorDataReceived += Write;
                child.BeginOutputReadLine();
                child.BeginErrorReadLine();
                child.WaitForExit();
            }
            catch (Exception error)
            {
                Append(error.Message);
            }
            Thread.Sleep(1000);
        }
    }

    private ProcessStartInfo StartInfo()
    {
        ProcessStartInfo info = new ProcessStartInfo(settings["program"], settings["arguments"]);
        info.UseShellExecute = false;
        info.CreateNoWindow = true;
        info.RedirectStandardOutput = true;
        info.RedirectStandardError = true;
        info.WorkingDirectory = settings["directory"];
        foreach (KeyValuePair<string, string> setting in settings)
        {
            if (setting.Key.StartsWith("env.")) info.EnvironmentVariables[setting.Key.Substring(4)] = setting.Value;
        }
        return info;
    }

    private void EndTree()
    {
        if (child == null || child.HasExited) return;
        ProcessStartInfo info = new ProcessStartInfo("taskkill.exe", "/T /F /PID " + child.Id);
        info.UseShellExecute = false;
        info.CreateNoWindow = true;
        Process.Start(info).WaitForExit(10000);
    }

    private void Write(object sender, DataReceivedEventArgs line)
    {
        if (line.Data != null) Append(line.Data);
    }

    /// <summary>10 MB, and 10 MB before: a game that talks does not fill the disk.</summary>
    private void Append(string line)
    {
        lock (log)
        {
            FileInfo file = new FileInfo(log);
            if (file.Exists && file.Length > 10000000)
            {
                File.Delete(log + ".old");
                File.Move(log, log + ".old");
            }
            File.AppendAllText(log, line + Environment.NewLine);
        }
    }
}
