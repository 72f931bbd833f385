#include "services/generator/template_program.h"

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "common/testing/testing.h"

namespace campaign::generator {
namespace {

using ::campaign::testing::StatusIs;

constexpr char kPath[] = "config.templates[3].html";
using Variables = absl::flat_hash_map<std::string, std::string>;

using Partials = absl::flat_hash_map<std::string, std::string>;

absl::StatusOr<TemplateProgram> Compile(const std::string& source, Insertion insertion, size_t max_bytes,
                                        const Partials& partials, std::vector<std::string>& names) {
  const auto find = [&](absl::string_view name) -> absl::optional<TemplateText> {
    const auto partial = partials.find(name);
    if (partial == partials.end()) return absl::nullopt;
    return TemplateText{partial->second, absl::StrCat("config.partials.", name)};
  };
  ASSIGN_OR_RETURN(std::vector<Token> tokens, ParseTemplate({source, kPath}, insertion, find));
  return TemplateProgram::Make(std::move(tokens), LinkText::kRunning, max_bytes, kPath, names);
}

absl::Status CompileError(const std::string& source, Insertion insertion = Insertion::kHtml,
                          const Partials& partials = {}) {
  std::vector<std::string> names;
  return Compile(source, insertion, 1 << 20, partials, names).status();
}

struct Rendered {
  std::string text;
  RenderResult result;
  std::vector<std::string> names;
};

// A name that ends in "?" gives a fallback.
Rendered Render(const std::string& source, const Variables& variables, Insertion insertion = Insertion::kVerbatim,
                size_t max_bytes = 1 << 20, const Partials& partials = {}) {
  Rendered rendered;
  auto program = Compile(source, insertion, max_bytes, partials, rendered.names);
  EXPECT_OK(program);
  if (!program.ok()) return rendered;
  std::vector<Value> values;
  for (const std::string& name : rendered.names) {
    const auto own = variables.find(name);
    const auto fallback = variables.find(name + "?");
    if (own != variables.end()) {
      values.push_back({.text = own->second});
    } else if (fallback != variables.end()) {
      values.push_back({.text = fallback->second, .is_fallback = true});
    } else {
      values.push_back({});
    }
  }
  const LinkRules anywhere;
  const std::vector<std::string> unsubscribing;
  rendered.result = program->Render(absl::MakeSpan(values), {anywhere, {}, unsubscribing}, rendered.text);
  return rendered;
}

std::string Text(const std::string& source, const Variables& variables, Insertion insertion = Insertion::kVerbatim) {
  const Rendered rendered = Render(source, variables, insertion);
  EXPECT_EQ(rendered.result.kind, RenderResult::Kind::kOk);
  return rendered.text;
}

TEST(TemplateProgram, FillsVariablesBetweenText) {
  EXPECT_EQ(Text("Hi {{first_name}}, take {{ discount_percent }} % off.\n\n  Bye",
                 {{"first_name", "Zoë 🦊"}, {"discount_percent", "20"}}),
            "Hi Zoë 🦊, take 20 % off.\n\n  Bye");
}

TEST(TemplateProgram, TextWithoutTagsStaysAsItIs) {
  const std::string text = "  a { b } }} c\r\n\td\n";
  EXPECT_EQ(Text(text, {}), text);
  EXPECT_EQ(Text("", {}), "");
}

TEST(TemplateProgram, HtmlEscapesWhatAValueBrings) {
  EXPECT_EQ(Text("<p title=\"{{n}}\">{{n}}</p>", {{"n", "<script>&\"'"}}, Insertion::kHtml),
            "<p title=\"&lt;script&gt;&amp;&quot;&#39;\">&lt;script&gt;&amp;&quot;&#39;</p>");
}

TEST(TemplateProgram, TextIsNotEscaped) {
  EXPECT_EQ(Text("{{n}} {{{n}}} {{&n}}", {{"n", "Tom & \"Jo\" <3"}}),
            "Tom & \"Jo\" <3 Tom & \"Jo\" <3 Tom & \"Jo\" <3");
}

TEST(TemplateProgram, OneLineTurnsControlCharactersIntoSpaces) {
  EXPECT_EQ(Text("Hi {{n}}!", {{"n", "A\r\nBcc: x@y.z\t\x7F\x01"}}, Insertion::kOneLine), "Hi A  Bcc: x@y.z   !");
  // U+0085 next line, U+2028 and U+2029 separators; é (C3 A9) and € (E2 82 AC) stay.
  EXPECT_EQ(Text("{{n}}",
                 {{"n",
                   "a\xC2\x85"
                   "b\xE2\x80\xA8"
                   "c\xE2\x80\xA9"
                   "dé€"}},
                 Insertion::kOneLine),
            "a b c dé€");
  EXPECT_EQ(Text("{{n}}", {{"n", std::string("a\0b", 3)}}, Insertion::kOneLine), "a b");
}

TEST(TemplateProgram, ValuesAreNeverReadAsMustache) {
  const Variables hostile = {{"n", "{{secret}} {{#x}} {{/x}} {{{y}}} {{=<% %>=}}"}, {"secret", "TOP SECRET"}};
  EXPECT_EQ(Text("Hi {{n}}", hostile), "Hi {{secret}} {{#x}} {{/x}} {{{y}}} {{=<% %>=}}");
  EXPECT_EQ(Text("Hi {{n}}", hostile, Insertion::kHtml), "Hi {{secret}} {{#x}} {{/x}} {{{y}}} {{=&lt;% %&gt;=}}");
}

TEST(TemplateProgram, AHeaderTakesNoValueWithALineBreak) {
  EXPECT_EQ(Text("Hi {{n}}", {{"n", "Zoë 🦊"}}, Insertion::kHeader), "Hi Zoë 🦊");
  for (const char* value : {"A\r\nBcc: x@y.z", "A\nB", "A\rB", "\x01", "a\xC2\x85", "a\xE2\x80\xA8"}) {
    const Rendered rendered = Render("Hi {{n}}", {{"n", value}}, Insertion::kHeader);
    EXPECT_EQ(rendered.result.kind, RenderResult::Kind::kControlCharacter) << value;
    EXPECT_EQ(rendered.result.slot, 0);
  }
}

TEST(TemplateProgram, AQueryTakesValuesPercentEncoded) {
  EXPECT_EQ(Text("{{n}}", {{"n", "a b&c=d#ü~-._"}}, Insertion::kPercent), "a%20b%26c%3Dd%23%C3%BC~-._");
}

TEST(TemplateProgram, WhatACustomerCallsThemselvesIsNoMarkdown) {
  EXPECT_EQ(Text("Hi {{n}}!", {{"n", "*Ann* [x](https://a.b) `c` <d> ~~e~~ \\ |"}}, Insertion::kMarkdown),
            "Hi \\*Ann\\* \\[x\\](https://a.b) \\`c\\` \\<d\\> \\~\\~e\\~\\~ \\\\ \\|!");
  EXPECT_EQ(Text("{{n}}", {{"n", "# Ann"}}, Insertion::kMarkdown), "\\# Ann");
  EXPECT_EQ(Text("{{n}}", {{"n", "1. Ann"}}, Insertion::kMarkdown), "1\\. Ann");
  EXPECT_EQ(Text("{{n}}", {{"n", "a\n# Ann"}}, Insertion::kMarkdown), "a # Ann") << "no second line";
  EXPECT_EQ(Text("{{n}}", {{"n", "snake_case 2.5 5-6 _a_"}}, Insertion::kMarkdown), "snake_case 2.5 5-6 \\_a\\_");
}

TEST(TemplateProgram, IncludesPartials) {
  const Partials partials = {{"footer", "Your {{brand}} {{>legal}}"}, {"legal", "Inc."}};
  EXPECT_EQ(Render("Bye. {{>footer}}!", {{"brand", "Lumen"}}, Insertion::kVerbatim, 1000, partials).text,
            "Bye. Your Lumen Inc.!");
}

// The examples of the Mustache specification, partials.yml.
TEST(TemplateProgram, PartialsIndentAsTheMustacheSpecificationSays) {
  const auto text = [](const std::string& source, const std::string& partial, const Variables& variables = {}) {
    return Render(source, variables, Insertion::kVerbatim, 1000, {{"partial", partial}}).text;
  };
  EXPECT_EQ(text("| {{>partial}} |", "\t|\t"), "| \t|\t |") << "Surrounding Whitespace";
  EXPECT_EQ(text("  {{data}}  {{> partial}}\n", ">\n>", {{"data", "|"}}), "  |  >\n>\n") << "Inline Indentation";
  EXPECT_EQ(text("|\r\n{{>partial}}\r\n|", ">"), "|\r\n>|") << "Standalone Line Endings";
  EXPECT_EQ(text("  {{>partial}}\n>", ">\n>"), "  >\n  >>") << "Standalone Without Previous Line";
  EXPECT_EQ(text(">\n  {{>partial}}", ">\n>"), ">\n  >\n  >") << "Standalone Without Newline";
  EXPECT_EQ(text("\\\n {{>partial}}\n/\n", "|\n{{{content}}}\n|\n", {{"content", "<\n->"}}), "\\\n |\n <\n->\n |\n/\n")
      << "Standalone Indentation";
  EXPECT_EQ(text("|{{> partial }}|", "[]"), "|[]|") << "Padding Whitespace";
}

TEST(TemplateProgram, ASectionsTagsInAPartialTakeNoIndentation) {
  const std::string partial = "a\n{{#x}}\nb\n{{/x}}\n\nc\n";
  EXPECT_EQ(Render("  {{>p}}\n", {{"x", "1"}}, Insertion::kVerbatim, 1000, {{"p", partial}}).text, "  a\n  b\n\n  c\n");
  EXPECT_EQ(Render("  {{>p}}\n", {}, Insertion::kVerbatim, 1000, {{"p", partial}}).text, "  a\n\n  c\n");
}

TEST(TemplateProgram, RefusesPartialsThatIncludeThemselves) {
  EXPECT_THAT(CompileError("{{>a}}", Insertion::kHtml, {{"a", "{{>b}}"}, {"b", "x {{>c}}"}, {"c", "{{>a}}"}}),
              StatusIs(absl::StatusCode::kInvalidArgument, "config.partials.c: {{>a}} includes itself: a → b → c → a"));
}

TEST(TemplateProgram, RefusesPartialsThatAreNotThereOrTooMany) {
  EXPECT_THAT(CompileError("{{>footer}}"),
              StatusIs(absl::StatusCode::kInvalidArgument, "{{>footer}} is no partial of the template"));
  const std::string ten = "{{>z}}{{>z}}{{>z}}{{>z}}{{>z}}{{>z}}{{>z}}{{>z}}{{>z}}{{>z}}";
  std::string twice = "{{>y}}";
  for (int i = 0; i < 5; ++i) twice += twice;
  EXPECT_THAT(CompileError(twice, Insertion::kHtml, {{"y", ten}, {"z", "x"}}),
              StatusIs(absl::StatusCode::kInvalidArgument, "is one of more than 256 partials"));
}

TEST(TemplateProgram, RefusesLineBreaksThatAPartialBringsToOneLine) {
  EXPECT_THAT(CompileError("Hi {{>a}}", Insertion::kHeader, {{"a", "x\n"}}),
              StatusIs(absl::StatusCode::kInvalidArgument, "config.partials.a: character 1 is a line break"));
}

TEST(TemplateProgram, SectionsAskForPresence) {
  const std::string source = "{{#n}}Hi {{n}}{{/n}}{{^n}}Hello{{/n}}, welcome";
  EXPECT_EQ(Text(source, {{"n", "Ann"}}), "Hi Ann, welcome");
  EXPECT_EQ(Text(source, {}), "Hello, welcome");
  EXPECT_EQ(Text(source, {{"n", ""}}), "Hello, welcome");
}

TEST(TemplateProgram, AFallbackIsNotPresence) {
  EXPECT_EQ(Text("{{#n}}Hi {{n}}{{/n}}{{^n}}Hello {{n}}{{/n}}", {{"n?", "there"}}), "Hello there");
}

TEST(TemplateProgram, SectionsNest) {
  const std::string source = "{{#a}}A{{#b}}B{{c}}{{/b}}{{^b}}-{{/b}}{{/a}}.";
  EXPECT_EQ(Text(source, {{"a", "1"}, {"b", "1"}, {"c", "C"}}), "ABC.");
  EXPECT_EQ(Text(source, {{"a", "1"}}), "A-.");
  EXPECT_EQ(Text(source, {{"b", "1"}, {"c", "C"}}), ".");
}

TEST(TemplateProgram, LinesOfTagsAloneVanish) {
  const std::string source = "Dear you,\n{{! only for VIPs }}\n  {{#vip}}\nthank you\n  {{/vip}}\n\nBye\n";
  EXPECT_EQ(Text(source, {{"vip", "1"}}), "Dear you,\nthank you\n\nBye\n");
  EXPECT_EQ(Text(source, {}), "Dear you,\n\nBye\n");
  EXPECT_EQ(Text("a\r\n{{#x}}\r\nb\r\n{{/x}}\r\nc", {{"x", "1"}}), "a\r\nb\r\nc");
  // A variable on its line keeps it.
  EXPECT_EQ(Text("{{#x}}{{x}}\n{{/x}}\nz", {{"x", "1"}}), "1\nz");
}

TEST(TemplateProgram, TextAfterASkippedSectionIsNotSkippedWithIt) {
  EXPECT_EQ(Text("{{#x}}a{{/x}}b", {}), "b");
  EXPECT_EQ(Text("{{#x}}{{#y}}a{{/y}}b{{/x}}c", {{"x", "1"}}), "bc");
}

TEST(TemplateProgram, AMissingVariableEndsIt) {
  const Rendered rendered = Render("Hi {{a}} {{b}}", {{"a", "x"}});
  EXPECT_EQ(rendered.result.kind, RenderResult::Kind::kVariableMissing);
  EXPECT_EQ(rendered.names[rendered.result.slot], "b");
}

TEST(TemplateProgram, AMissingVariableInASkippedSectionIsNotMissed) {
  EXPECT_EQ(Text("{{#code}}Use {{code}} by {{end_date}}{{/code}}Bye", {}), "Bye");
}

TEST(TemplateProgram, OutputIsBounded) {
  const std::string value(2048, '&');
  EXPECT_EQ(Render("{{n}}{{n}}", {{"n", value}}, Insertion::kVerbatim, 4096).result.kind, RenderResult::Kind::kOk);
  EXPECT_EQ(Render("{{n}}{{n}}", {{"n", value}}, Insertion::kHtml, 4096).result.kind, RenderResult::Kind::kTooLong);
}

TEST(TemplateProgram, RefusesWhatDoesNotParse) {
  EXPECT_THAT(
      CompileError("<p>{{first_name</p>"),
      StatusIs(absl::StatusCode::kInvalidArgument, "config.templates[3].html: template does not parse: Unclosed"));
  EXPECT_THAT(CompileError("{{#a}}x"), StatusIs(absl::StatusCode::kInvalidArgument, "Unclosed section"));
  EXPECT_THAT(CompileError("x{{/a}}"), StatusIs(absl::StatusCode::kInvalidArgument, "Unopened section"));
  EXPECT_THAT(CompileError("{{#a}}{{#b}}{{/a}}{{/b}}"),
              StatusIs(absl::StatusCode::kInvalidArgument, "Unclosed section"));
  for (const char* cut : {"{{", "{{{", "{{{a}}", "{{#", "{{/", "{{!"}) EXPECT_FALSE(CompileError(cut).ok()) << cut;
}

TEST(TemplateProgram, RefusesUnescapedVariablesInHtml) {
  EXPECT_THAT(CompileError("<p>{{{name}}}</p>"),
              StatusIs(absl::StatusCode::kInvalidArgument, "{{{name}}} is not escaped"));
  EXPECT_THAT(CompileError("<p>{{&name}}</p>"), StatusIs(absl::StatusCode::kInvalidArgument, "is not escaped"));
  EXPECT_THAT(CompileError("{{#x}}{{{name}}}{{/x}}"), StatusIs(absl::StatusCode::kInvalidArgument, "is not escaped"));
}

TEST(TemplateProgram, RefusesTagsThatAreNotServed) {
  for (const char* source : {"{{=<% %>=}}<%x%>", "{{ =<% %>= }}", "{{{=<% %>=}}}", "{{.}}", "{{}}", "{{first name}}",
                             "{{#.}}{{/.}}", "{{näme}}"}) {
    EXPECT_THAT(CompileError(source, Insertion::kVerbatim), StatusIs(absl::StatusCode::kInvalidArgument, kPath))
        << source;
  }
}

TEST(TemplateProgram, RefusesLineBreaksWhereOneLineIsMeant) {
  EXPECT_THAT(CompileError("Hello\nBcc: all", Insertion::kOneLine),
              StatusIs(absl::StatusCode::kInvalidArgument, "character 5 is a line break"));
}

TEST(TemplateProgram, RefusesDeepNesting) {
  std::string source = "x";
  for (int i = 0; i < 4000; ++i) source = absl::StrCat("{{#a}}", source, "{{/a}}");
  EXPECT_THAT(CompileError(source), StatusIs(absl::StatusCode::kInvalidArgument, "nested sections"));
}

}  // namespace
}  // namespace campaign::generator
