#include "services/generator/link_rules.h"

#include "common/testing/testing.h"
#include "services/generator/tracking.h"

namespace campaign::generator {
namespace {

using ::campaign::testing::ParseProto;
using ::campaign::testing::StatusIs;

LinkRules Rules(const std::string& policy = R"(allowed_hosts: "shop.example.com" allowed_hosts: "*.example.org")") {
  auto rules = LinkRules::Compile(ParseProto<v1::LinkPolicy>(policy));
  EXPECT_OK(rules);
  return rules.ok() ? *std::move(rules) : LinkRules();
}

bool Allows(absl::string_view address) { return Rules().Allows(ResolveLink(address)); }

TEST(LinkRules, AHostIsAllowedAsItIsNamed) {
  EXPECT_TRUE(Allows("https://shop.example.com"));
  EXPECT_TRUE(Allows("http://shop.example.com/a?b=c#d"));
  EXPECT_TRUE(Allows("https://shop.example.com:8443/a"));
  EXPECT_FALSE(Allows("https://example.com"));
  EXPECT_FALSE(Allows("https://www.shop.example.com"));
  EXPECT_FALSE(Allows("https://shop.example.com.evil.example"));
  EXPECT_FALSE(Allows("https://evilshop.example.com"));
}

TEST(LinkRules, AStarIsEveryHostBelow) {
  EXPECT_TRUE(Allows("https://a.example.org"));
  EXPECT_TRUE(Allows("https://b.a.example.org"));
  EXPECT_FALSE(Allows("https://example.org"));
  EXPECT_FALSE(Allows("https://aexample.org"));
  EXPECT_FALSE(Allows("https://.example.org"));
}

TEST(LinkRules, HostsCompareInLowerCaseWithoutADotAtTheEnd) {
  EXPECT_TRUE(Allows("HTTPS://SHOP.Example.COM./x"));
  EXPECT_TRUE(Rules(R"(allowed_hosts: "Shop.Example.com.")").Allows(ResolveLink("https://shop.example.com")));
}

TEST(LinkRules, WhatStandsBeforeAnAtIsNoHost) {
  EXPECT_FALSE(Allows("https://shop.example.com@evil.example/"));
  EXPECT_FALSE(Allows("https://shop.example.com:443@evil.example/"));
  EXPECT_FALSE(Allows("https://shop.example.com%40evil.example/"));
  EXPECT_FALSE(Allows("https://evil.example\\@shop.example.com/")) << "a backslash ends the host";
  EXPECT_FALSE(Allows("https://evil.example#@shop.example.com/"));
  EXPECT_FALSE(Allows("https://user@shop.example.com/")) << "nothing that a message needs";
}

TEST(LinkRules, LinksAreReadAsBrowsersReadThem) {
  EXPECT_FALSE(Allows("https:evil.example"));
  EXPECT_FALSE(Allows("https:/evil.example"));
  EXPECT_FALSE(Allows("https:\\\\evil.example"));
  EXPECT_FALSE(Allows("https://///evil.example"));
  EXPECT_FALSE(Allows("//evil.example/x"));
  EXPECT_FALSE(Allows("/\\evil.example/x"));
  EXPECT_FALSE(Allows(" \n https://evil.example"));
  EXPECT_FALSE(Allows("ht\ntps://evil.example"));
  EXPECT_FALSE(Allows("https://shop.example.com\t.evil.example"));
  EXPECT_FALSE(Allows("www.evil.example"));
  EXPECT_TRUE(Allows("https:/shop.example.com"));
  EXPECT_TRUE(Allows("//shop.example.com"));
}

TEST(LinkRules, InternationalNamesCompareInPunycode) {
  const LinkRules rules = Rules(R"(allowed_hosts: "bücher.example")");
  EXPECT_TRUE(rules.Allows(ResolveLink("https://bücher.example")));
  EXPECT_TRUE(rules.Allows(ResolveLink("https://BÜCHER.example")));
  EXPECT_TRUE(rules.Allows(ResolveLink("https://xn--bcher-kva.example")));
  EXPECT_FALSE(rules.Allows(ResolveLink("https://bucher.example")));
  // Cyrillic а; an ideographic full stop is a dot; full-width letters are letters.
  EXPECT_FALSE(Allows("https://shop.ex\xD0\xB0mple.com"));
  EXPECT_TRUE(
      Allows("https://shop\xE3\x80\x82"
             "example.com"));
  EXPECT_FALSE(
      Allows("https://shop.example.com\xE3\x80\x82"
             "evil.example"));
  EXPECT_TRUE(Allows("https://sh%6Fp.example.com"));
  EXPECT_FALSE(Allows("https://xn--a.example.org")) << "no valid Punycode";
}

TEST(LinkRules, AppsAndMailAreNoWebLinks) {
  for (const char* address : {"nordlicht://home", "mailto:a@evil.example", "tel:+4312345", "#top", "/relative", ""}) {
    EXPECT_TRUE(Allows(address)) << address;
  }
}

TEST(LinkRules, WhatRunsItselfIsNotAllowed) {
  for (const char* address : {"javascript:alert(1)", "JavaScript:x", "java\nscript:x", " javascript:x",
                              "data:text/html,x", "vbscript:x", "file:///etc"}) {
    EXPECT_FALSE(Allows(address)) << address;
  }
}

TEST(LinkRules, WithoutHostsNothingIsChecked) {
  EXPECT_TRUE(LinkRules().Allows(ResolveLink("https://evil.example")));
  EXPECT_FALSE(LinkRules().restricts());
}

TEST(LinkRules, FindsLinksInWords) {
  const LinkRules rules = Rules();
  EXPECT_EQ(rules.FindForbidden("See https://shop.example.com, https://a.example.org/x. (www.a.example.org) Bye."), "");
  EXPECT_EQ(rules.FindForbidden("See https://evil.example/x, please"), "https://evil.example/x");
  EXPECT_EQ(rules.FindForbidden("[here](https://evil.example/a)"), "https://evil.example/a");
  EXPECT_EQ(rules.FindForbidden("https://shop.example.com https://evil.example"), "https://evil.example");
  EXPECT_EQ(rules.FindForbidden("go to WWW.evil.example!"), "WWW.evil.example");
  EXPECT_EQ(rules.FindForbidden("“https://evil.example”"), "https://evil.example");
  EXPECT_EQ(rules.FindForbidden("https://shop.example.com/a_(b)"), "");
}

TEST(LinkRules, DecodesEntitiesThatLinksAreMadeOf) {
  EXPECT_EQ(DecodeEntities("https&colon;&sol;&#47;e&#x76;il.example&amp;x &eacute; &#233; & &"),
            "https://evil.example&x &eacute; &#233; & &");
  EXPECT_EQ(DecodeEntities("&#47/x"), "//x");
}

std::string Tracked(const std::string& address, bool html = false) {
  std::string output = address;
  AddTracking("utm_source=shop&utm_medium=email", html, 0, output);
  return output;
}

TEST(AddTracking, GoesIntoTheQueryBeforeTheFragment) {
  EXPECT_EQ(Tracked("https://a.b"), "https://a.b?utm_source=shop&utm_medium=email");
  EXPECT_EQ(Tracked("https://a.b/c?"), "https://a.b/c?utm_source=shop&utm_medium=email");
  EXPECT_EQ(Tracked("https://a.b/c?d=e"), "https://a.b/c?d=e&utm_source=shop&utm_medium=email");
  EXPECT_EQ(Tracked("https://a.b/c#d?e"), "https://a.b/c?utm_source=shop&utm_medium=email#d?e");
  EXPECT_EQ(Tracked("https://a.b/c?d=e#f"), "https://a.b/c?d=e&utm_source=shop&utm_medium=email#f");
}

TEST(AddTracking, IsEscapedInHtml) {
  EXPECT_EQ(Tracked("https://a.b/?c=&#39;", true), "https://a.b/?c=&#39;&amp;utm_source=shop&amp;utm_medium=email");
  EXPECT_EQ(Tracked("https://a.b/#x", true), "https://a.b/?utm_source=shop&amp;utm_medium=email#x");
}

TEST(AddTracking, DoublesNothing) {
  EXPECT_EQ(Tracked("https://a.b?utm_source=mine"), "https://a.b?utm_source=mine&utm_medium=email");
  EXPECT_EQ(Tracked("https://a.b?x=1&amp;utm_source=mine&amp;utm_medium=m", true),
            "https://a.b?x=1&amp;utm_source=mine&amp;utm_medium=m");
  EXPECT_EQ(Tracked("https://a.b?my_utm_source=x"), "https://a.b?my_utm_source=x&utm_source=shop&utm_medium=email");
}

TEST(LinkRules, RefusesPoliciesThatMakeNoSense) {
  const auto refusal = [](const std::string& policy) {
    return LinkRules::Compile(ParseProto<v1::LinkPolicy>(policy)).status();
  };
  for (const char* host : {"https://a.b", "a.b/c", "a b", "*", "*.", "", "u@a.b", "*.*.b"}) {
    v1::LinkPolicy policy;
    policy.add_allowed_hosts(host);
    EXPECT_THAT(LinkRules::Compile(policy).status(),
                StatusIs(absl::StatusCode::kInvalidArgument, "config.links.allowed_hosts[0]: "))
        << host;
  }
  EXPECT_THAT(refusal(R"(tracking_parameters { name: "a b" value: "x" })"),
              StatusIs(absl::StatusCode::kInvalidArgument, "config.links.tracking_parameters[0].name: a b has more"));
  EXPECT_THAT(
      refusal(R"(tracking_parameters { name: "a" value: "x" } tracking_parameters { name: "a" value: "y" })"),
      StatusIs(absl::StatusCode::kInvalidArgument, "config.links.tracking_parameters[1].name: a is named twice"));
}

TEST(Unsubscribes, WithOrWithoutAQuery) {
  const std::vector<std::string> starts = {"https://a.b/unsubscribe"};
  EXPECT_TRUE(Unsubscribes("https://a.b/unsubscribe", starts));
  EXPECT_TRUE(Unsubscribes("https://a.b/unsubscribe?c=1", starts));
  EXPECT_FALSE(Unsubscribes("https://a.b/unsubscribe-survey", starts));
}

}  // namespace
}  // namespace campaign::generator
