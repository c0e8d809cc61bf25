export default "what a later map says about a name that is taken does not count";
