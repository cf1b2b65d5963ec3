// Its precompiled headers are those of every test.
int main() {}
