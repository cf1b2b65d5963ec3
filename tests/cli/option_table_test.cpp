#include "cli/option_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace obscura::cli {
namespace {

using testing::HasSubstr;

struct Part {
  std::filesystem::path file;
  std::optional<double> rate;
};

struct Values {
  std::string model = "small";
  std::size_t epochs = 3;
  std::vector<std::string> only;
  bool quick = false;
  std::string hint = "none";
  Part part;
};

enum Mode { kFirst = 1, kSecond = 2 };

OptionTable<Values> table() {
  OptionTable<Part> part;
  part.value("--file,--path", &Part::file, "A file").echo(Echo::file_name);
  part.value("--rate", &Part::rate, "A rate").only(kSecond);
  OptionTable<Values> out;
  out.group("Run");
  out.value("--model", &Values::model, "A model").shows_default().echo(Echo::always);
  out.value("--epochs", &Values::epochs, "Passes").check(CLI::Range(1, 10));
  out.value("--only", &Values::only, "Rows").commas();
  out.flag("--quick", &Values::quick, "Fast").only(kSecond);
  out.value("--hint", &Values::hint, "A word, or none").word_optional().echo(Echo::never);
  out.part(part, &Values::part, kFirst);
  return out;
}

/// What a verb with the table makes of words.
struct Typed {
  explicit Typed(const std::string& words) {
    table().add_to(verb, values);
    verb.parse(words);
  }
  CLI::App verb;
  Values values;
};

TEST(OptionTable, PutsWordsIntoTheirPlaces) {
  const Typed typed("--model large --epochs 5 --only a,b --quick --path x/y --rate 0.5 --hint");
  EXPECT_EQ(typed.values.model, "large");
  EXPECT_EQ(typed.values.epochs, 5U);
  EXPECT_THAT(typed.values.only, testing::ElementsAre("a", "b"));
  EXPECT_TRUE(typed.values.quick);
  EXPECT_EQ(typed.values.part.file, "x/y");
  EXPECT_EQ(typed.values.part.rate, 0.5);
  EXPECT_EQ(typed.verb.count("--hint"), 1U);
  EXPECT_THROW(Typed("--epochs 11"), CLI::ParseError);
}

TEST(OptionTable, EchoesWhatWasTypedAndWhatAlwaysCounts) {
  EXPECT_EQ(table().echo(Typed("").values), " --model small");
  EXPECT_EQ(table().echo(Typed("--epochs 3 --hint x").values), " --model small");  // as by default, and never
  EXPECT_EQ(table().echo(Typed("--quick --only a,b --file x/y.bin --rate 0.25 --epochs 5").values),
            " --model small --epochs 5 --only a,b --quick --file y.bin --rate 0.25");
}

TEST(OptionTable, EchoesOfAModeWhatThatReads) {
  const Typed typed("--quick --rate 0.25 --file f");
  EXPECT_EQ(table().echo(typed.values, kFirst), " --model small --file f");
  EXPECT_EQ(table().echo(typed.values, kSecond), " --model small --quick --rate 0.25");
}

TEST(OptionTable, RefusesWhatWouldChangeNothing) {
  const auto refusal = [](const std::string& words, Mode mode) {
    const Typed typed(words);
    try {
      table().refuse(typed.verb, mode, "is for another kind");
    } catch (const UsageError& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  EXPECT_EQ(refusal("--path x", kFirst), "--file is for another kind");  // a part's rows are of its mode,
  EXPECT_EQ(refusal("--rate 1", kFirst), "");                            // but those that say otherwise
  EXPECT_EQ(refusal("--rate 1", kSecond), "--rate is for another kind");
  EXPECT_EQ(refusal("--model x", kSecond), "");
}

TEST(OptionTable, HelpSaysGroupAndDefault) {
  Values values;
  CLI::App verb;
  table().add_to(verb, values);
  const std::string help = verb.help();
  for (const char* part : {"Run", "--model", "A model", "small", "--file,--path"}) EXPECT_THAT(help, HasSubstr(part));
}

TEST(OptionTable, RowsOfPartsCanBeChanged) {
  auto changed = table();
  changed.row("--rate").required();
  Values values;
  CLI::App verb;
  changed.add_to(verb, values);
  EXPECT_THROW(verb.parse("--quick"), CLI::RequiredError);
  EXPECT_THROW(changed.row("--none"), std::logic_error);
}

}  // namespace
}  // namespace obscura::cli
