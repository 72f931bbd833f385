#include "services/delivery/slack_mrkdwn.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace campaign::delivery {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(SlackMrkdwnTest, MarkdownBecomesSlacksMarkup) {
  const std::pair<const char*, const char*> rows[] = {
      {"plain", "plain"},
      {"**bold** and __bold__", "*bold* and *bold*"},
      {"*italic* and _italic_", "_italic_ and _italic_"},
      {"**bold *and italic***", "*bold _and italic_*"},
      {"~~gone~~", "~gone~"},
      {"[Shop](https://shop.example/)", "<https://shop.example/|Shop>"},
      {"[**Shop**](https://shop.example/?a=1&b=2)", "<https://shop.example/?a=1&amp;b=2|*Shop*>"},
      {"[mail](mailto:a@b.example) [call](tel:+491)", "<mailto:a@b.example|mail> <tel:+491|call>"},
      {"# News *now*", "*News now*"},
      {"- one\n* two\n  + three", "• one\n• two\n  • three"},
      {"> quoted", "> quoted"},
      {"`a*b*c` stays", "`a*b*c` stays"},
      {"```\na **b** <c>\n```", "```\na **b** &lt;c&gt;\n```"},
      {"2 * 3 * 4 and snake_case_name", "2 * 3 * 4 and snake_case_name"},
      {"\\*no\\* \\[link\\](x)", "*no* [link](x)"},
      {"**open", "**open"},
      {"Größe **🦊**", "Größe *🦊*"},
      {"", ""},
  };
  for (const auto& [markdown, mrkdwn] : rows) EXPECT_EQ(MarkdownToMrkdwn(markdown), mrkdwn) << markdown;
}

TEST(SlackMrkdwnTest, NobodyIsCalledAndNoLinkSmuggledIn) {
  EXPECT_EQ(MarkdownToMrkdwn("<!channel> <@U1> <https://evil.example|shop>"),
            "&lt;!channel&gt; &lt;@U1&gt; &lt;https://evil.example|shop&gt;");
  EXPECT_EQ(MarkdownToMrkdwn("[x](javascript:alert(1))"), "x)");
  EXPECT_EQ(MarkdownToMrkdwn("[x](https://a.example/|<!channel>)"), "x");
  EXPECT_EQ(MarkdownToMrkdwn("[x](https://a.example/a|b)"), "<https://a.example/a%7Cb|x>");
  EXPECT_EQ(EscapeSlack("a & b < c > &amp;"), "a &amp; b &lt; c &gt; &amp;amp;");
}

TEST(SlackMrkdwnTest, HostileMarkupIsText) {
  const std::string nested(3000, '[');
  EXPECT_EQ(MarkdownToMrkdwn(nested), nested);
  std::string deep;
  for (int i = 0; i < 100; ++i) absl::StrAppend(&deep, i % 2 == 0 ? "**a " : "_a ");
  for (int i = 99; i >= 0; --i) absl::StrAppend(&deep, i % 2 == 0 ? " b**" : " b_");
  EXPECT_LE(MarkdownToMrkdwn(deep).size(), deep.size());
  const std::string long_line = "**" + std::string(5000, 'x') + "**";
  EXPECT_EQ(MarkdownToMrkdwn(long_line), long_line);
}

TEST(SlackMrkdwnTest, TextIsPartedWhereItHurtsLeast) {
  EXPECT_THAT(SplitText("short", 16), ElementsAre("short"));
  EXPECT_THAT(SplitText("", 16), IsEmpty());
  EXPECT_THAT(SplitText("one two\n\nthree four", 16), ElementsAre("one two", "three four"));
  EXPECT_THAT(SplitText("one two\nthree four", 16), ElementsAre("one two", "three four"));
  EXPECT_THAT(SplitText("one two three four", 16), ElementsAre("one two three", "four"));
  EXPECT_THAT(SplitText("0123456789abcdefXYZ", 16), ElementsAre("0123456789abcdef", "XYZ"));
  EXPECT_THAT(SplitText("0123456789abcdéX", 15), ElementsAre("0123456789abcd", "éX")) << "not within a character";
  EXPECT_THAT(SplitText("0123456789abc&amp;X", 16), ElementsAre("0123456789abc", "&amp;X")) << "nor within an entity";
}

}  // namespace
}  // namespace campaign::delivery
