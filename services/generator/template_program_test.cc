#include "services/generator/template_program.h"

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "common/testing/testing.h"

namespace campaign::generator {
namespace {

using ::campaign::testing::StatusIs;

constexpr char kPath[] = "config.templates[3].html";
using Variables = absl::flat_hash_map<std::string, std::string>;

absl::Status CompileError(const std::string& source, Insertion insertion = Insertion::kHtml) {
  std::vector<std::string> names;
  return TemplateProgram::Compile(source, insertion, kPath, names).status();
}

struct Rendered {
  std::string text;
  RenderResult result;
  std::vector<std::string> names;
};

// A name that ends in "?" gives a fallback.
Rendered Render(const std::string& source, const Variables& variables, Insertion insertion = Insertion::kVerbatim,
                size_t max_bytes = 1 << 20) {
  Rendered rendered;
  auto program = TemplateProgram::Compile(source, insertion, kPath, rendered.names);
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
  rendered.result = program->Render(absl::MakeSpan(values), max_bytes, rendered.text);
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
  for (const char* source : {"{{> footer}}", "{{=<% %>=}}<%x%>", "{{ =<% %>= }}", "{{{=<% %>=}}}", "{{.}}", "{{}}",
                             "{{first name}}", "{{#.}}{{/.}}", "{{näme}}"}) {
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
