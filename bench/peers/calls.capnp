@0xb5a3e1d0c7f92846;

interface Calls {
  increment @0 (number :Int32) -> (number :Int32);
  echo @1 (text :Text) -> (text :Text);
}
