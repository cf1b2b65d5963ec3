// Everything that a server links, whole, and nothing of the secret half: this program links only if no function of the
// server's side wants a secret key. tests/house/no_secret.sh then looks through its symbols.
int main() {
  return 0;
}
