#include "cli/train_options.h"

#include "cli/options.h"
#include "cli/picture_options.h"

namespace obscura::cli {
namespace {

using study::ChoiceWishes;
using study::NetworkTraining;
using study::PictureWishes;
using study::RecipeWishes;
using study::TrainingRun;

OptionTable<NetworkTraining> network_options() {
  using V = NetworkTraining;
  OptionTable<V> table;
  table.value("--model", &V::model, "Network to train").shows_default().echo(Echo::always);
  table.value(
      "--chunk", &V::chunk,
      "Models of chunks: a chunk's side in pixels, or WIDTHxHEIGHT (default: 28); the edges of pictures that it "
      "does not divide are filled up");
  table.value("--histogram", &V::histogram,
              "Of grey pictures, first of all: equalise or none (default: as the model does)");
  return table;
}

OptionTable<NetworkTraining> teacher_options() {
  using V = NetworkTraining;
  OptionTable<V> table;
  table.value("--distill-from", &V::teacher, "Learn from the answers of this trained network (ONNX), too")
      .echo(Echo::file_name);
  table.value("--trunk", &V::trunk, "Model embed: the trained classifier (ONNX) whose features are embedded")
      .echo(Echo::file_name);
  return table;
}

OptionTable<RecipeWishes> recipe_options() {
  using V = RecipeWishes;
  OptionTable<V> t;
  t.value("--epochs", &V::epochs, "Passes over the training images").check(whole_number());
  t.value("--batch", &V::batch, "Images a step").check(whole_number());
  t.value("--lr", &V::learning_rate, "Learning rate");
  t.value("--optimiser,--optimizer", &V::optimiser, "adam, adamw, rmsprop, sgd or muon");
  t.value("--muon-lr", &V::muon_rate, "Learning rate of muon for convolutions; --lr is for the rest")
      .only(kTrainsNetwork);
  t.value("--schedule", &V::schedule, "Learning rate over time: constant, one-cycle, cosine, steps or mild-steps");
  t.value("--warm-up", &V::warm_up, "Share of the run in which one-cycle rises");
  t.value("--augment", &V::augment,
          "none, affine, affine-strong, flip, affine+flip, shift+flip, crop+flip, crop+flip+cutout, rotate+shift+flip, "
          "rotate+shift+flips or one-of-eight");
  t.value("--plain-epochs", &V::plain_epochs, "Last epochs without augmentation");
  t.value("--weight-decay", &V::weight_decay, "L2 weight decay");
  t.value("--label-smoothing", &V::label_smoothing, "0 to 1");
  t.value("--clip", &V::clip_norm, "Largest norm of a gradient; 0: no limit");
  t.value("--range-weight", &V::range_weight, "Penalty on numbers to be squared that pass --range-limit")
      .only(kTrainsNetwork);
  t.value("--range-limit", &V::range_limit, "Size from which --range-weight counts").only(kTrainsNetwork);
  t.value("--clamp", &V::range_bound, "Own models: clamp what is squared to +- this in training; 0: not")
      .only(kTrainsNetwork);
  t.value("--freeze", &V::freeze_norms, "Last share of the run in which batch norms keep their statistics")
      .only(kTrainsNetwork);
  t.value("--weight-average", &V::weight_average,
          "Keep weights averaged over the steps, by this decay a step (0.99); 0: those of the last step")
      .only(kTrainsNetwork);
  t.value("--chunk-dropout", &V::chunk_dropout,
          "Models of chunks: chance that training leaves a chunk out, 0 to below 1")
      .only(kTrainsNetwork);
  t.value("--precision", &V::precision, "Of convolutions in training: float or bfloat16");
  t.value("--distill-share", &V::teacher_share, "Weight of the teacher's answers, 0 to 1; labels the rest")
      .only(kTrainsNetwork);
  t.value("--distill-temperature", &V::teacher_temperature, "How soft the teacher's answers are made")
      .only(kTrainsNetwork);
  return t;
}

OptionTable<study::PictureWishes> form_options() {
  using V = study::PictureWishes;
  OptionTable<V> table;
  table.group("Pictures");
  table.value("--size", &V::size,
              "Make pictures so many pixels a side, or WIDTHxHEIGHT (folders; default: the model's usual size, with "
              "--network the first picture's)");
  table.value("--fit", &V::fit, "How, where proportions differ: stretch, crop (the middle) or letterbox (bars)")
      .shows_default();
  table
      .value("--colour,--color", &V::colour,
             "Make pictures grey or rgb (default: grey if all training pictures are; without a word: rgb)")
      .word_optional();
  return table;
}

OptionTable<study::ChoiceWishes> choice_options() {
  using V = study::ChoiceWishes;
  OptionTable<V> table;
  table.group("Validation");
  table.value("--validation-share", &V::validation_share,
              "Share of the training pictures held back to choose the epoch that is kept, where the data set has no "
              "validation pictures (0.1); 0: none, the last epoch is kept");
  table.value("--patience", &V::patience, "End after so many epochs without a better one; 0: never (default)");
  table.value("--class-weights", &V::class_weights,
              "none; balanced: all classes count alike; automatic (default): balanced where the largest class has 3 "
              "times the pictures of the smallest or more");
  return table;
}

OptionTable<study::TrainingRun> set_options() {
  using V = study::TrainingRun;
  OptionTable<V> table;
  table.value("--dataset", &V::dataset, "Data set by name, or a folder of images").shows_default().echo(Echo::always);
  table
      .value("--out", &V::out,
             "File to write: ONNX, with --network safetensors; .curve.json and .curve.svg go beside it")
      .required()
      .echo(Echo::file_name);
  table.value("--data", &V::data, "Folder of the data sets (else $OBSCURA_DATA, else the cache)").echo(Echo::never);
  return table;
}

OptionTable<TrainingRun> common_options() {
  using V = study::TrainingRun;
  OptionTable<V> t;
  t.value("--skip", &V::skip, "Leave out the first K training images").check(whole_number());
  t.value("--limit", &V::limit, "Use the first K training images (after --skip) only; 0: all").shows_default();
  t.value("--test-limit", &V::test_limit, "--network: the first K test images only; 0: all").only(kTrainsPictures);
  t.part(form_options(), &V::form);
  t.part(choice_options(), &V::choice);
  t.group("Options");
  t.value("--seed", &V::seed, "Same seed, same network").check(whole_number()).shows_default().echo(Echo::always);
  t.value("--threads", &V::threads, "Threads; small networks are fastest with one").shows_default().echo(Echo::always);
  t.flag("--quiet", &V::quiet, "No progress").echo(Echo::never);
  return t;
}

}  // namespace

const OptionTable<TrainArguments>& train_options() {
  using V = TrainArguments;
  static const OptionTable<V> table = [] {
    OptionTable<V> t;
    t.part(network_options(), &V::network, kTrainsNetwork);
    t.part(picture_training_options(), &V::pictures, kTrainsPictures);
    t.part(set_options(), &V::run);
    OptionTable<study::TrainingRun> recipe;
    recipe.part(recipe_options(), &study::TrainingRun::recipe);
    t.part(recipe, &V::run);
    t.part(teacher_options(), &V::network, kTrainsNetwork);
    t.part(common_options(), &V::run);
    return t;
  }();
  return table;
}

}  // namespace obscura::cli
