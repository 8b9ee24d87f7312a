// Onedoor's client for C#. SPDX-License-Identifier: Apache-2.0
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace Onedoor
{
  /// <summary>
  /// JSON (RFC 8259) as dictionaries, lists, strings, doubles, booleans and null; without reflection, so that it runs
  /// where nothing can be compiled at run time. What is no JSON is null.
  /// </summary>
  internal sealed class Json
  {
    private const int MaxDepth = 16;
    private readonly string _text;
    private int _at, _depth;
    private bool _failed;

    private Json(string text)
    {
      _text = text;
    }

    public static object Parse(string text)
    {
      if (text == null) return null;
      var reader = new Json(text);
      object value = reader.Value();
      reader.Blank();
      return reader._failed || reader._at < text.Length ? null : value;
    }

    public static Dictionary<string, object> Fields(object value) =>
      value as Dictionary<string, object> ?? new Dictionary<string, object>();

    public static List<object> List(object value) => value as List<object> ?? new List<object>();

    public static object Field(object from, string name)
    {
      object value;
      return Fields(from).TryGetValue(name, out value) ? value : null;
    }

    /// <summary>A whole number of 0..most; null if the field is something else.</summary>
    public static long? Count(object from, string name, long most)
    {
      object value = Field(from, name);
      if (!(value is double)) return null;
      double number = (double)value;
      return number >= 0 && number <= most && number == System.Math.Floor(number) ? (long)number : (long?)null;
    }

    /// <summary>A text as it stands in JSON.</summary>
    public static string Quote(string text)
    {
      var quoted = new StringBuilder("\"");
      foreach (char each in text)
      {
        if (each == '"' || each == '\\') quoted.Append('\\').Append(each);
        else if (each < ' ') quoted.Append("\\u").Append(((int)each).ToString("x4"));
        else quoted.Append(each);
      }
      return quoted.Append('"').ToString();
    }

    private object Value()
    {
      Blank();
      if (_depth == MaxDepth || _at == _text.Length) return Fail();
      switch (_text[_at])
      {
        case '{': return Object();
        case '[': return Array();
        case '"': return String();
        case 't': return Word("true", true);
        case 'f': return Word("false", false);
        case 'n': return Word("null", null);
        default: return Number();
      }
    }

    private object Object()
    {
      var fields = new Dictionary<string, object>();
      _depth++;
      _at++;
      for (bool isFirst = true; !Ends('}') && !_failed; isFirst = false)
      {
        if (!isFirst && !Takes(',')) return Fail();
        Blank();
        string name = String();
        if (name == null || !Takes(':')) return Fail();
        fields[name] = Value();
      }
      _depth--;
      return fields;
    }

    private object Array()
    {
      var items = new List<object>();
      _depth++;
      _at++;
      for (bool isFirst = true; !Ends(']') && !_failed; isFirst = false)
      {
        if (!isFirst && !Takes(',')) return Fail();
        items.Add(Value());
      }
      _depth--;
      return items;
    }

    private string String()
    {
      var text = new StringBuilder();
      if (!Takes('"')) return (string)Fail();
      while (_at < _text.Length && _text[_at] != '"')
      {
        char each = _text[_at++];
        if (each < ' ') return (string)Fail();
        if (each == '\\' && !Escape(text)) return (string)Fail();
        if (each != '\\') text.Append(each);
      }
      return Takes('"') ? text.ToString() : (string)Fail();
    }

    private bool Escape(StringBuilder into)
    {
      const string Letters = "\"\\/bfnrt", Meanings = "\"\\/\b\f\n\r\t";
      if (_at == _text.Length) return false;
      char letter = _text[_at++];
      int code;
      if (letter == 'u')
      {
        if (_text.Length - _at < 4) return false;
        string digits = _text.Substring(_at, 4);
        if (!int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out code)) return false;
        into.Append((char)code);
        _at += 4;
        return true;
      }
      code = Letters.IndexOf(letter);
      if (code >= 0) into.Append(Meanings[code]);
      return code >= 0;
    }

    private object Number()
    {
      int start = _at;
      while (_at < _text.Length && "+-.0123456789eE".IndexOf(_text[_at]) >= 0) _at++;
      double number;
      const NumberStyles Style =
        NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
      string text = _text.Substring(start, _at - start);
      return double.TryParse(text, Style, CultureInfo.InvariantCulture, out number) ? number : Fail();
    }

    private object Word(string word, object value)
    {
      if (string.CompareOrdinal(_text, _at, word, 0, word.Length) != 0) return Fail();
      _at += word.Length;
      return value;
    }

    private bool Ends(char end)
    {
      Blank();
      if (_at == _text.Length) Fail();
      return Takes(end);
    }

    private bool Takes(char wanted)
    {
      Blank();
      if (_at == _text.Length || _text[_at] != wanted) return false;
      _at++;
      return true;
    }

    private void Blank()
    {
      while (_at < _text.Length && " \t\r\n".IndexOf(_text[_at]) >= 0) _at++;
    }

    private object Fail()
    {
      _failed = true;
      _at = _text.Length;
      return null;
    }
  }
}
