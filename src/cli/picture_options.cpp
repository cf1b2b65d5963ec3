#include "cli/picture_options.h"

#include "cli/options.h"
#include "cli/passphrase_options.h"

namespace obscura::cli {

OptionTable<study::PictureFit> fit_options() {
  using V = study::PictureFit;
  OptionTable<V> table;
  table.group(kRun);
  table
      .value("--fit", &V::fit,
             "Where a picture's proportions are not the network's: stretch squashes it (default, with a note), crop "
             "takes its middle, letterbox puts black bars beside it")
      .check(CLI::IsMember({"stretch", "crop", "letterbox"}));
  table.flag("--invert", &V::invert,
             "Turn light and dark around: for dark strokes on paper and a network that learned light ones on black");
  return table;
}

OptionTable<study::StatedPreprocessing> preprocessing_options(bool with_colour) {
  using V = study::StatedPreprocessing;
  OptionTable<V> table;
  table.group("Preprocessing, where the file does not say it");
  table.value("--mean", &V::mean, "Taken from every pixel: one number, or one a channel with commas");
  table.value("--std", &V::std, "What is left is divided by it: one number, or one a channel");
  table.value("--input-range", &V::range, "What pixels of 0 to 255 are before that: 0..1 (default), 0..255 or -1..1");
  if (with_colour) table.value("--colour", &V::colour, "grey, rgb or bgr");
  table.value("--classes", &V::classes,
              "Names of the classes in the order of outputs: A,B,C or a file (one a line, or a JSON list)");
  table.value("--histogram", &V::histogram, "equalise: of grey pictures, before anything else; or none")
      .check(CLI::IsMember({"equalise", "none"}));
  table.value("--picture", &V::picture,
              "Networks of chunks, or classifiers that are to become one: the pictures' size, WIDTHxHEIGHT, which are "
              "cut into chunks of the network's input");
  return table;
}

OptionTable<study::PolicyWishes> policy_options() {
  using V = study::PolicyWishes;
  OptionTable<V> table;
  table.group("Pictures in chunks");
  table
      .value("--policy", &V::policy,
             "What is encrypted: all (default), every chunk group by group; whole, all of them together; features, "
             "those of large gradients, and the server sees the others; hidden, always so many, and nothing else tells")
      .check(CLI::IsMember({"features", "all", "whole", "hidden"}));
  table.value("--threshold", &V::threshold, "features: gradients (0 to 1443) from which on a chunk is encrypted (100)");
  table.value("--score", &V::score, "features: a chunk's mean gradient (default) or its maximum")
      .check(CLI::IsMember({"mean", "maximum"}));
  table.value("--hidden-chunks", &V::hidden_chunks, "hidden: how many (default: three quarters of a picture's)")
      .check(whole_number());
  return table;
}

OptionTable<study::KeyOptions> key_options() {
  using V = study::KeyOptions;
  OptionTable<V> table;
  table.group(kRun);
  table.value("--shield", &V::shield,
              "hill, vit, le, pe, ele, etc, etc-grayscale, neuracrypt or color-neuracrypt (default: the key's)");
  table.group(kFiles);
  table.value("--key", &V::file, "The owner's key of the shield, a file").echo(Echo::file_name);
  table.flag("--make-key", &V::make, "Make the key first: a new file, readable by you alone");
  table.group(kRun);
  table
      .value("--block,--patch", &V::block,
             "Pixels a side of a block (default: 4; etc-grayscale: 8; neuracrypt: 16; etc for JPEG: 16)")
      .check(whole_number())
      .check(CLI::Range(1, 64));
  table.value("--arithmetic", &V::arithmetic, "hill: real, for networks, or modular, the classical cipher")
      .check(CLI::IsMember({"real", "modular"}));
  table.value("--depth", &V::depth, "neuracrypt: layers in the middle (default: 4); -1: one affine map only")
      .check(CLI::Range(-1, 64));
  table.value("--hidden", &V::hidden, "neuracrypt: width of the layers (default: by the patch, docs/shields.md)")
      .check(whole_number())
      .check(CLI::Range(1, 8192));
  table
      .value("--statistics", &V::statistics,
             "neuracrypt: frozen into the key (default); instance: of each image; batch: of --batch images")
      .check(CLI::IsMember({"frozen", "instance", "batch"}));
  table.group(kFiles);
  table.value("--calibrate", &V::calibrate,
              "With --make-key: a data set or folder of public images that neuracrypt's statistics are those of "
              "(default: built-in drawings)");
  table.part(passphrase_rows(true), &V::sealing);
  return table;
}

}  // namespace obscura::cli
