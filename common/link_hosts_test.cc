#include "common/link_hosts.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "common/testing/testing.h"

namespace campaign {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string Host(absl::string_view url) {
  std::string buffer;
  const auto host = HostOfUrl(url, buffer);
  return host.has_value() ? absl::StrCat("'", *host, "'") : "none";
}

std::vector<std::string> Hosts(absl::string_view text, bool html = false) {
  std::vector<std::string> hosts;
  ForEachLink(text, html, [&](absl::string_view, absl::string_view host) { hosts.emplace_back(host); });
  return hosts;
}

TEST(HostOfUrl, ReadsUrlsAsBrowsersDo) {
  const std::pair<absl::string_view, absl::string_view> kCases[] = {
      {"https://shop.example.com/a?b#c", "'shop.example.com'"},
      {"HTTPS://Shop.Example.COM", "'shop.example.com'"},
      {"https://shop.example.com.", "'shop.example.com'"},
      {"https://shop.example.com:443/", "'shop.example.com'"},
      {"https://shop.example.com@evil.example/", "'evil.example'"},
      {"https://shop.example.com:x@y@evil.example", "'evil.example'"},
      {"https://evil.example\\@shop.example.com/", "'evil.example'"},
      {"https://evil.example?@shop.example.com/", "'evil.example'"},
      {"https:evil.example", "'evil.example'"},
      {"https:\\\\evil.example", "'evil.example'"},
      {"https:////evil.example", "'evil.example'"},
      {"//evil.example/x", "'evil.example'"},
      {"\\/evil.example", "'evil.example'"},
      {" \thttps://evil.example ", "'evil.example'"},
      {"ht\ntps://ev\til.example", "'evil.example'"},
      {"https://ev%69l.example", "'evil.example'"},
      {"https://evil%2Eexample", "'evil.example'"},
      {"https://evil\u3002example", "'evil.example'"},
      {"https://\uff45vil.example", "'evil.example'"},
      {"https://ev\u200bil.example", "'evil.example'"},
      {"https://münchen.example", "'xn--mnchen-3ya.example'"},
      {"https://XN--MNCHEN-3YA.example", "'xn--mnchen-3ya.example'"},
      {"https://shоp.example", "'xn--shp-ted.example'"},
      {"https://[::1]:80/", "'[::1]'"},
      {"intent://evil.example/#Intent;scheme=https;end", "'evil.example'"},
      {"evil.example:443/x", "'evil.example'"},
      {"https://", "''"},
      {"https://a b", "''"},
      {"https://..", "''"},
      {"javascript:alert(1)", "''"},
      {"JavaScript:alert(1)", "''"},
      {"java\nscript:alert(1)", "''"},
      {"data:text/html,x", "''"},
      {"mailto:a@b.example", "none"},
      {"tel:+4930", "none"},
      {"nordlicht://orders/7", "none"},
      {"/orders", "none"},
      {"#top", "none"},
      {"", "none"},
  };
  for (const auto& [url, host] : kCases) EXPECT_EQ(Host(url), host) << url;
}

TEST(HostAllowed, IsTheHostItselfOrOneBelowAStar) {
  const std::vector<std::string> allowed = {"shop.example.com", "*.Example.ORG", "münchen.example"};
  for (const char* host : {"shop.example.com", "SHOP.example.com", "shop.example.com.", "a.example.org",
                           "a.b.example.org", "xn--mnchen-3ya.example", "münchen.example"}) {
    EXPECT_TRUE(HostAllowed(host, allowed)) << host;
  }
  for (const char* host :
       {"", "example.com", "www.shop.example.com", "xshop.example.com", "example.org", "evilexample.org",
        ".example.org", "shop.example.com.evil.example", "shop.example.com..", "munchen.example"}) {
    EXPECT_FALSE(HostAllowed(host, allowed)) << host;
  }
}

TEST(HostAllowed, IsAnyWhereNoneAreNamedButTheEmptyOne) {
  EXPECT_TRUE(HostAllowed("evil.example", {}));
  EXPECT_FALSE(HostAllowed("", {}));
}

TEST(ForEachLink, FindsUrlsInPlainText) {
  EXPECT_THAT(Hosts("See https://a.example/x?y, (http://b.example), <https://c.example>. Or [d](https://d.example)!"),
              ElementsAre("a.example", "b.example", "c.example", "d.example"));
  EXPECT_THAT(Hosts("[x](//e.example) \"https://f.example\""), ElementsAre("e.example", "f.example"));
  EXPECT_THAT(Hosts("„https://a.example“ – https://b.example…"), ElementsAre("a.example", "b.example"));
  EXPECT_THAT(Hosts("nordlicht://orders and mailto:a@b.example"), IsEmpty());
}

TEST(ForEachLink, IsNotFooledByUsersAndSignsWithinAName) {
  EXPECT_THAT(Hosts("https://shop.example.com@evil.example/"), ElementsAre("evil.example"));
  EXPECT_THAT(Hosts("https://shop.example.com)@evil.example/"), ElementsAre("evil.example"));
  EXPECT_THAT(Hosts("https://shop.example.com\u3002evil.example/"), ElementsAre("shop.example.com.evil.example"));
  EXPECT_THAT(Hosts("https://shop.example.com\u200b.evil.example"), ElementsAre("shop.example.com.evil.example"));
}

TEST(ForEachLink, FindsWhatProgramsMakeLinksOf) {
  EXPECT_THAT(Hosts("Go to www.evil.example or bit.ly/abc, exm.pl/x or Evil.com."),
              ElementsAre("www.evil.example", "bit.ly", "exm.pl", "evil.com"));
  EXPECT_THAT(Hosts("Only 49.99 until 24.12.2026! Bis 10.1./11.1., z.B. heute.Ganz neu... v2.1 a/b e.g. write to "
                    "ann@shop.com or ann.lee@shop.example/x."),
              IsEmpty());
}

TEST(ForEachLink, FindsWhatAttributesOfHtmlReferTo) {
  EXPECT_THAT(
      Hosts("<a href=\"https://a.example\">x</a><img src='//b.example/i.png'><form action=https://c.example>", true),
      ElementsAre("a.example", "b.example", "c.example"));
  EXPECT_THAT(Hosts("<A HREF = ' &#104;ttps&colon;//&#x65;vil&period;example '>x</A>", true),
              ElementsAre("evil.example"));
  EXPECT_THAT(Hosts("<a title='>' href='https:evil.example'>", true), ElementsAre("evil.example"));
  EXPECT_THAT(Hosts("<a/href=//evil.example>", true), ElementsAre("evil.example"));
  EXPECT_THAT(Hosts("<base href='https://evil.example'>", true), ElementsAre("evil.example"));
  EXPECT_THAT(Hosts("<img srcset='https://a.example/1 1x,//b.example/2 2x'>", true),
              ElementsAre("a.example", "b.example"));
  EXPECT_THAT(Hosts("<p style='background:url(//a.example/x)'><style>@import 'https://b.example';</style>", true),
              ElementsAre("a.example", "b.example"));
  EXPECT_THAT(Hosts("<meta http-equiv=refresh content='0;url=https://a.example'>", true), ElementsAre("a.example"));
}

TEST(ForEachLink, FindsTextOfHtmlThatIsMadeALink) {
  EXPECT_THAT(Hosts("<p>https://a.example</p> bit.ly/x &#104;ttps://b.example", true),
              ElementsAre("a.example", "bit.ly", "b.example"));
}

TEST(ForEachLink, ReadsCommentsForOutlookAndNoOthers) {
  EXPECT_THAT(
      Hosts("<!--[if mso]><a href='https://a.example'></a><![endif]--><!-- <a href='https://b.example'> -->", true),
      ElementsAre("a.example"));
}

TEST(ForEachLink, LeavesOutWhatIsNoLink) {
  EXPECT_THAT(Hosts("<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0//EN\" \"http://www.w3.org/TR/xhtml1.dtd\">"
                    "<html xmlns=\"http://www.w3.org/1999/xhtml\"><style>a.com{color:red}</style>"
                    "<img src='data:image/png;base64,AAAA'><img src='cid:logo'><a href='mailto:a@b.example'>m</a>"
                    "<a href='#top'>5 < 6</a>",
                    true),
              IsEmpty());
  EXPECT_THAT(Hosts("<a href='data:text/html,x'>x</a><a href='javascript:x'>x</a>", true), ElementsAre("", ""));
}

TEST(ForEachLink, TakesLinearTimeForWhatNeverEnds) {
  std::string html;
  for (int i = 0; i < 20'000; ++i) html += "<!--<a x='<style>..//";
  int links = 0;
  ForEachLink(html, true, [&](absl::string_view, absl::string_view) { ++links; });
  ForEachLink(html, false, [&](absl::string_view, absl::string_view) { ++links; });
  EXPECT_LE(links, 40'000);
}

}  // namespace
}  // namespace campaign
