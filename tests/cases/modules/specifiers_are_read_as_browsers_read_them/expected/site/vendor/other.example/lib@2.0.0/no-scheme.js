export default "no-scheme";
